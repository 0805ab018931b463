"""From an alert to somebody's mailbox: roster, escalation, flood, chatter; nothing lost, what is given up is seen."""

import hashlib
import hmac
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from pms.kernel.database import Database
from pms.maintenance import service
from pms.maintenance.notify import people
from pms.maintenance.notify.channels import Channels, channels
from pms.maintenance.notify.delivery import LEASE, claim
from pms.maintenance.notify.settings import NotificationSettings
from tests.pms.conftest import TestClock
from tests.pms.maintenance.post import MailBox, Receiver, receiver, text_of
from tests.pms.maintenance.told import Post, subjects


async def test_who_is_on_duty_gets_a_mail_in_their_language(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    await post.on_duty("li", language="zh-CN")
    await post.contact("off")
    await post.tell("leak", evidence=[{"code": "leak_detected", "at": post.clock()}])
    await post.follow()
    told = dict(subjects(box))
    assert told == {
        "ann": "[Critical] 101 Water leak (Test House)",
        "li": "[紧急] 101 漏水（Test House）",
    }
    english = next(mail for mail in box.messages if str(mail["To"]).startswith("ann"))
    text = text_of(english)
    assert "Shut the water off" in text
    assert "water felt at" in text
    assert "https://h/maintenance" in text
    assert str(english["Message-ID"]).startswith("<notice_")
    assert [one.state for one in await post.messages()] == ["sent", "sent"]
    await post.follow(minutes=10)
    assert len(box.messages) == 2, "once is enough"


async def test_a_mail_names_the_line_that_is_down(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    await post.tell("line_down", None, key="line_down:floor-1")
    await post.follow()
    assert subjects(box) == [("ann", "[High] Line down floor-1 (Test House)")]


async def test_what_is_not_urgent_enough_waits_or_is_told_to_nobody(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    await post.on_duty("bob", priority="medium")
    await post.tell("door_ajar")
    await post.tell("sensor_stuck", "102")
    await post.follow(seconds=30)
    assert box.messages == []
    await post.tell("door_ajar", state="cleared")
    await post.follow(seconds=31)
    assert [name for name, _ in subjects(box)] == ["bob"], "and not of the door, which was closed in time"
    assert sorted(one.state for one in await post.messages()) == ["dropped", "sent"]


async def test_nobody_acknowledges_so_the_next_is_told(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    boss, owner = await post.contact("boss"), await post.contact("owner", priority="critical")
    for contact, minutes in ((boss, 10), (owner, 20)):
        await post.do(lambda work, contact=contact, minutes=minutes: people.add_step(work, contact, minutes))
    await post.tell("door_forced")
    await post.follow()
    await post.follow(minutes=9)
    assert [name for name, _ in subjects(box)] == ["ann"]
    await post.follow(minutes=1)
    await post.follow(seconds=20)
    assert subjects(box)[1:] == [("boss", "Nobody has acknowledged: [High] 101 Door forced (Test House)")]
    await post.follow(minutes=30)
    assert len(box.messages) == 2, "the owner is told of critical ones only"
    alert = await post.alert("door_forced")
    assert alert.escalated == 2
    await post.tell("smoke", "102")
    await post.follow()
    found = await post.alert("smoke")
    await post.do(lambda work: service.acknowledge(work, found.id))
    before = len(box.messages)
    await post.follow(hours=1)
    assert len(box.messages) == before, "somebody has acknowledged"


async def test_a_flood_is_one_message_and_danger_still_goes_out_at_once(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    for number in range(101, 116):
        await post.tell("door_forced", str(number))
    await post.tell("smoke", "201")
    await post.follow()
    assert len(box.messages) == 11
    assert any("Smoke" in subject for _, subject in subjects(box))
    await post.follow(minutes=5)
    assert subjects(box)[-1] == ("ann", "5 alerts (Test House)")
    assert text_of(box.messages[-1]).count("Door forced") == 5


async def test_what_chatters_or_follows_from_another_fault_is_not_told_again(post: Post, box: MailBox) -> None:
    await post.on_duty("ann", priority="medium")
    for _ in range(5):
        await post.tell("door_forced")
        await post.follow(seconds=20)
        await post.tell("door_forced", state="cleared")
        await post.follow(seconds=20)
    assert len(box.messages) == 2
    post.clock.forward(minutes=30)
    await post.tell("line_down", None, key="line_down:field")
    await post.tell("device_offline", "102", line="field", device="102_lock")
    await post.follow(minutes=2)
    assert subjects(box)[2:] == [("ann", "[High] Line down field (Test House)")]


async def test_a_mail_server_that_is_away_loses_nothing(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    box.refuse = True
    await post.tell("leak")
    await post.follow()
    [waiting] = await post.messages()
    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert "451" in (waiting.error or "")
    box.refuse = False
    await post.follow(seconds=14)
    assert box.messages == []
    await post.follow(seconds=2)
    assert len(box.messages) == 1


async def test_what_is_given_up_is_an_alert_and_can_be_sent_again(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    box.refuse = True
    await post.tell("leak")
    for _ in range(13):
        await post.follow(hours=1, seconds=1)
    [dead] = [one for one in await post.messages("dead") if one.priority == "critical"]
    assert dead.attempts == 12
    assert (await post.alert("notification_failed")).priority == "high"
    box.refuse = False
    await post.do(lambda work: people.send_again(work, dead.id))
    await post.follow()
    assert len(box.messages) >= 1
    assert not (await post.alert("notification_failed")).present


async def test_a_process_that_dies_while_sending_sends_again(post: Post, box: MailBox) -> None:
    await post.on_duty("ann")
    await post.tell("leak")
    await post.reactions.catch_up()
    assert len(await post.do(claim)) == 1, "what a process has done that died then"
    await post.follow()
    assert box.messages == []
    await post.follow(seconds=LEASE.total_seconds() + 1)
    assert len(box.messages) == 1


async def test_webhooks_are_signed_and_told_of_everything(
    database: Database, clock: TestClock, stack: AsyncExitStack
) -> None:
    there: Receiver = await stack.enter_async_context(receiver())
    ways = channels(NotificationSettings(webhooks=(there.url,), webhook_secret="s3cret"))
    post = Post(database, clock, ways, (there.url,))
    await post.tell("leak")
    await post.follow()
    found = await post.alert("leak")
    await post.do(lambda work: service.acknowledge(work, found.id))
    there.status = 302
    await post.follow()
    there.status = 204
    await post.follow(seconds=16)
    bodies = [json.loads(body) for _, body in there.calls]
    assert [body["type"] for body in bodies] == ["alert.raised", "alert.acknowledged", "alert.acknowledged"]
    assert bodies[0]["alert"] == found.id
    assert bodies[0]["data"]["kind"] == "leak"
    assert bodies[1]["id"] == bodies[2]["id"], "a second copy can be told by its id"
    headers, body = there.calls[0]
    signed = hmac.new(b"s3cret", headers["X-Innkeeper-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Innkeeper-Signature"] == f"sha256={signed}"


async def test_a_webhook_that_is_new_does_not_begin_with_the_past(
    database: Database, clock: TestClock, stack: AsyncExitStack
) -> None:
    there: Receiver = await stack.enter_async_context(receiver())
    await Post(database, clock, Channels()).tell("leak")
    clock.forward(days=2)
    post = Post(database, clock, channels(NotificationSettings(webhooks=(there.url,))), (there.url,))
    await post.tell("smoke")
    await post.follow()
    assert [json.loads(body)["data"]["kind"] for _, body in there.calls] == ["smoke"]


PAGER = '''
"""An adapter as somebody else would write it."""
CALLS = []

class Pager:
    async def send(self, notice):
        CALLS.append((notice.id, notice.address, notice.subject))
'''


@pytest.fixture
def pager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that brings the channel `pager`."""
    site = tmp_path / "site"
    info = site / "hotel_pager-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "hotel_pager.py").write_text(PAGER)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hotel-pager\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[innkeeper.notifications]\npager = hotel_pager:Pager\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "hotel_pager", raising=False)


@pytest.mark.usefixtures("pager")
async def test_an_adapter_of_somebody_else_is_a_channel(database: Database, clock: TestClock) -> None:
    ways = channels(NotificationSettings())
    assert list(ways.by_name) == ["pager"]
    post = Post(database, clock, ways)
    await post.on_duty("ann", channel="pager")
    await post.tell("leak")
    await post.follow()
    calls = sys.modules["hotel_pager"].CALLS
    assert [(address, subject) for _, address, subject in calls] == [
        ("ann@hotel.example", "[Critical] 101 Water leak (Test House)")
    ]


async def test_a_test_message_says_that_it_is_one(post: Post, box: MailBox) -> None:
    contact = await post.contact("ann")
    await post.do(lambda work: people.test(work, contact))
    await post.follow()
    assert subjects(box) == [("ann", "Test message (Test House)")]


async def test_who_is_forgotten_gets_nothing_more(post: Post, box: MailBox) -> None:
    contact = await post.on_duty("ann", priority="medium")
    await post.tell("sensor_stuck")
    await post.reactions.catch_up()
    await post.do(lambda work: people.remove_contact(work, contact))
    await post.follow(minutes=5)
    assert box.messages == []
