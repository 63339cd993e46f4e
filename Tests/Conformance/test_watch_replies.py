"""Watches with a reply: the kernel answers remote requests by itself."""
from service import asleep
from watching import becomes, current, make, report, stream
from witnesses import cansend, ip


def test_the_kernel_answers_a_remote_request(service, watches, wire):
    answer = {"id": "123", "data": "cafe"}
    watch = watches("vcan0", reply=answer)
    assert watch["reply"] == {"id": "123", "extended": False, "data": "CAFE"} and watch["mask"] is None
    cansend("vcan0", "123#R")
    assert [frame.text for frame in wire.wait_for_count("vcan0", 2)] == ["123#R", "123#CAFE"]
    cansend("vcan0", "123#R8")
    cansend("vcan0", "124#R")
    cansend("vcan0", "123#01")
    cansend("vcan0", "7FE#")
    seen = [frame.text for frame in wire.wait_for_text("vcan0", "7FE#")]
    assert sorted(seen) == sorted(["123#R", "123#CAFE", "123#R8", "123#CAFE", "124#R", "123#01", "7FE#"])
    # Nothing is reported of it, and the service has nothing to do with it.
    assert current(service, watch)["changes"] == 0
    assert service.request("DELETE", f"/v1/watches/{watch['watch']}").status == 204
    quiet = wire.renewed()
    cansend("vcan0", "123#R")
    cansend("vcan0", "7FE#")
    assert [frame.text for frame in quiet.wait_for_text("vcan0", "7FE#")] == ["123#R", "7FE#"]


def test_another_node_is_answered_while_the_service_is_stopped(start, wire):
    """The kernel needs nobody for it."""
    service = start()
    assert make(service, "can0", "18DAF110", reply={"id": "18DAF110", "data": "0102030405060708"}).status == 201
    with asleep(service):
        cansend("can1", "18DAF110#R")
        wire.wait_for_text("can1", "18DAF110#0102030405060708")


def test_a_reply_and_a_watch_of_one_identifier_go_together(watches, stream, wire):
    watches("vcan0", reply={"id": "123", "data": "CAFE"})
    watch = watches("vcan0")
    cansend("vcan0", "123#R")
    # The answer is a frame of that identifier, too.
    report(stream, watch, "changed", data="CAFE")
    assert [frame.text for frame in wire.wait_for_count("vcan0", 2)] == ["123#R", "123#CAFE"]


def test_a_reply_is_given_again_when_the_interface_is_back(service, watches, wire, make_interface):
    name = make_interface()
    watch = watches(name, reply={"id": "123", "data": "01"})
    ip("link", "del", name)
    becomes(service, watch, "interface-gone")
    ip("link", "add", name, "type", "vcan")
    ip("link", "set", name, "up")
    becomes(service, watch, "active")
    cansend(name, "123#R")
    wire.wait_for_text(name, "123#01")
