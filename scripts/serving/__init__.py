"""A page on which people anonymize their photos and see what becomes of every face.

Why FastAPI with a page of our own and not Gradio: Gradio 6.31, when tried, wrote an uploaded
picture to a folder on disk, left it there when the server ended, and gave it to another client
without any cookie that asked for its address; its guide on file access says that its cache is open
to all users.  It answered to any Host header, so that a page of another site whose name leads here
could have read along.  It brings some 50 packages and held Pillow at 12; FastAPI was there for
``elseface assess`` already.
"""
