"""Which photos are meant and where results go."""

import os
from pathlib import Path

import pytest
from elseface.common.errors import ElsefaceError
from elseface.common.files import list_photos, plan
from elseface.common.output import _draft, forget_drafts, write_whole
from elseface.common.safeguards import check_extras, check_folder, check_free


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_folders_are_searched_and_names_kept(tmp_path):
    touch(tmp_path, "in/a.JPG", "in/sub dir/ü.png", "in/notes.txt", "in/.hidden/x.png", "in/c.gif")
    jobs, errors = plan([tmp_path / "in"], tmp_path / "out")
    names = [job.target.relative_to(tmp_path / "out").as_posix() for job in jobs]
    assert names == ["a.JPG", "c.png", "sub dir/ü.png"] and not errors


def test_linked_folders_are_searched_once(tmp_path):
    touch(tmp_path, "in/a.png", "elsewhere/b.png", "in/sub/c.png")
    (tmp_path / "in/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/again").symlink_to(tmp_path / "in")
    (tmp_path / "in/alias").symlink_to(tmp_path / "in/sub")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "in")
    (tmp_path / "in/out").symlink_to(tmp_path / "out")  # where the results go
    touch(tmp_path, "out/d.png")
    jobs, errors = plan([tmp_path / "in"], tmp_path / "out")
    names = [job.target.relative_to(tmp_path / "out").as_posix() for job in jobs]
    assert names == ["a.png", "sub/c.png", "link/b.png"] and not errors


def test_pictures_that_are_not_read_are_named(tmp_path):
    touch(tmp_path, "a.png", "b.DNG", "c.jxl", "d.pdf")
    jobs, errors = plan([tmp_path], tmp_path / "out")
    assert [job.source.name for job in jobs] == ["a.png"]
    assert [path.name for path, _ in errors] == ["b.DNG", "c.jxl"]
    assert all("not read; export it" in why for _, why in errors)


@pytest.mark.parametrize("name", ["n" * 240 + ".png", "ü" * 120 + ".png", "a.png"])
def test_a_file_of_a_long_name_is_written_whole(tmp_path, name):
    write_whole(tmp_path / name, b"data")
    (tmp_path / f"{_draft(tmp_path / name)}77.part").touch()  # of a process that was killed
    forget_drafts(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_output_within_input_is_not_searched(tmp_path):
    touch(tmp_path, "a.png", "out/a.png")
    jobs, errors = plan([tmp_path], tmp_path / "out")
    assert [job.source.name for job in jobs] == ["a.png"] and not errors


def test_what_is_there_stays(tmp_path):
    touch(tmp_path, "in/a.png", "in/b.jpg", "in/c.png", "out/c.png", "out/d.png")
    jobs, _ = plan([tmp_path / "in"], tmp_path / "out")
    check_free(jobs[:2], tmp_path / "out")
    (tmp_path / "out/b.jpg").symlink_to("nowhere")
    with pytest.raises(ElsefaceError, match=r"b\.jpg and 1 more: already there.*--overwrite"):
        check_free(jobs, tmp_path / "out")


def test_output_that_is_the_input_is_refused(tmp_path):
    touch(tmp_path, "a.png", "sub/b.png")
    jobs, errors = plan([tmp_path], tmp_path)
    assert not jobs and len(errors) == 2
    assert all("overwrite an original" in why for _, why in errors)


def test_result_never_replaces_another_original(tmp_path):
    touch(tmp_path, "in/a.png", "out/a.png")
    jobs, errors = plan([tmp_path / "in/a.png", tmp_path / "out/a.png"], tmp_path / "out")
    assert not jobs and len(errors) == 2


def test_two_photos_of_one_name(tmp_path):
    touch(tmp_path, "x/a.png", "y/a.png")
    jobs, errors = plan([tmp_path / "x/a.png", tmp_path / "y/a.png"], tmp_path / "out")
    assert len(jobs) == 1 and errors[0][0] == tmp_path / "y/a.png"


def test_absent_and_empty(tmp_path):
    with pytest.raises(ElsefaceError, match="no such file"):
        list_photos([tmp_path / "absent"])
    with pytest.raises(ElsefaceError, match="no photos"):
        list_photos([tmp_path])


def test_a_photo_named_twice_is_done_once(tmp_path):
    touch(tmp_path, "in/a.png")
    jobs, errors = plan([tmp_path / "in", tmp_path / "in/a.png"], tmp_path / "out")
    assert len(jobs) == 1 and not errors


def test_a_link_to_itself_is_one_photo_that_cannot_be_read(tmp_path):
    touch(tmp_path, "in/a.png")
    (tmp_path / "in/loop.png").symlink_to("loop.png")
    assert len(list_photos([tmp_path / "in"])) == 2


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_refused_and_costs_no_other(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"")
    except OSError:
        pytest.skip("the file system takes text alone")
    (tmp_path / "good.jpg").write_bytes(b"")
    jobs, refused = plan([tmp_path], tmp_path / "out")
    assert [job.source.name for job in jobs] == ["good.jpg"]
    ((_, why),) = refused
    assert "not valid text" in why and why.isascii()


def test_where_nothing_can_be_written_is_told_before_the_work(tmp_path):
    touch(tmp_path, "file")
    for output in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(ElsefaceError, match=r"file.*cannot be written"):
            check_folder(output)
    check_folder(tmp_path / "new/below")
    check_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_asking_whether_it_can_be_written_leaves_nothing(tmp_path):
    touch(tmp_path, "there.json")
    (tmp_path / "there.json").write_text(last := '{"elseface": "0", "photos": []}')
    check_extras({"--report": tmp_path / "new.json", "--certificate": tmp_path / "there.json"}, ())
    assert [path.name for path in tmp_path.iterdir()] == ["there.json"]
    assert (tmp_path / "there.json").read_text() == last


@pytest.mark.parametrize("text", ["dear to me", '{"dear": "to me"}', "[1]"])
def test_what_elseface_did_not_write_is_not_written_over(tmp_path, text):
    (tmp_path / "notes").write_text(text)
    with pytest.raises(ElsefaceError, match=r"notes: is there and not ours; .* --report"):
        check_extras({"--report": tmp_path / "notes"}, ())
    assert (tmp_path / "notes").read_text() == text


@pytest.mark.parametrize(
    "text", ["", '{"elseface_journal": 1}\n{"record": {}}', '{"format": "elseface certificate 1"}']
)
def test_what_it_wrote_may_be_written_again(tmp_path, text):
    (tmp_path / "report").write_text(text)
    check_extras({"--report": tmp_path / "report"}, ())


def test_of_an_earlier_report_only_the_beginning_is_read(tmp_path):
    """A report on many photos may be larger than memory.  Nothing follows in this one."""
    with (tmp_path / "report.json").open("wb") as file:
        file.write(b'{\n "elseface": "0",')
        file.truncate(2**20)
    check_extras({"--report": tmp_path / "report.json"}, ())


def test_a_video_among_photos_is_named(tmp_path):
    touch(tmp_path, "in/a.png")
    touch(tmp_path, "in/b.MP4")
    jobs, refused = plan([tmp_path / "in"], tmp_path / "out")
    assert [job.source.name for job in jobs] == ["a.png"]
    ((source, why),) = refused
    assert source.name == "b.MP4" and "elseface video" in why
    assert len(list_photos([tmp_path / "in"])) == 1  # a gallery has no use for it
