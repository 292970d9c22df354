"""A page on which people anonymize their photos and see what becomes of every face.

Why FastAPI with a page of our own and not Gradio: Gradio 6.31, when tried, wrote an uploaded
picture to a folder on disk, left it there when the server ended, and gave it to a client without
any cookie who knew its address; its guide on file access says so, too.  It answered to any Host
header, too, so that a page of another site whose name leads here could have read along.  It brings
50 packages and held Pillow at 12; FastAPI was there for ``elseface assess`` already.
"""
