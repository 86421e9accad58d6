"""The page of a real daemon: what happens to files and bucket is seen, each second."""

from __future__ import annotations

import pytest

from tests.browser.driven import Browser, Shown
from tests.browser.scene import Scene
from tests.e2e.world import World
from tests.waiting import until

pytestmark = pytest.mark.e2e


def test_the_page_of_a_daemon_tells_of_uploads_a_hold_and_a_bucket_that_is_gone(
    browser: Browser, world: World
) -> None:
    photos = world.site("photos", retire_deleted=True)
    music = world.site("music")
    for number in range(30):
        photos.write(f"{number}.jpg", f"picture {number}")
    daemon = world.daemon(http={"listen": "127.0.0.1:0"}).start()
    daemon.in_sync("photos", "music")
    address = until(lambda: daemon.status()["http"]["address"], 20)
    page = Shown(browser, Scene(), f"http://{address}/").open()
    page.wait("All 2 sites are in sync")

    photos.write("fresh <b>one</b>.jpg")
    page.wait("fresh <b>one</b>.jpg", "#recent")

    for number in range(28):
        (photos.root / f"{number}.jpg").unlink()
    page.wait("28 deletions are held", "#attention")
    command = page.text("#attention .command code")
    config, listed = daemon.status()["config"], daemon.site("photos")["held_list"]
    assert command == f"s3syncd -c {config} approve photos --list {listed}"
    assert daemon.run(*command.split()[1:]).returncode == 0
    page.wait_for(lambda: not page.is_seen("#attention"), "nobody is needed any more")
    page.wait("Deleted", "#recent")

    music.client.delete_bucket(Bucket=music.bucket)
    music.write("song")
    page.wait("bucket unavailable", "#attention")
    assert "1 site cannot go on as it should" in page.text("#verdict")
    assert "The specified bucket does not exist" in page.text("#attention")
    page.run("document.querySelector('#attention a').click()")
    page.wait("The bucket cannot be used; changes wait.", "#detail")
    music.client.create_bucket(Bucket=music.bucket)
    page.wait("In sync", "#detail .title")
    browser.assert_no_error()
    browser.leave()
