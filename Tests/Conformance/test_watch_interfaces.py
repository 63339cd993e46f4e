"""Watches and their interfaces: what is down, gone and back again."""
from service import assert_problem
from streams import websocket
from watching import becomes, current, report, watch_operations
from witnesses import cansend, ip


def test_a_watch_waits_for_its_interface_and_goes_on_with_it(service, watches, make_interface):
    name = make_interface()
    with websocket(service, "/v1/frames?events=watch,interface") as stream:
        watch = watches(name, mask="FF")
        cansend(name, "123#01")
        report(stream, watch, "changed", data="01")
        ip("link", "set", name, "down")
        becomes(service, watch, "interface-down")
        ip("link", "set", name, "up")
        becomes(service, watch, "active")
        cansend(name, "123#02")
        report(stream, watch, "changed", data="02")
        ip("link", "del", name)
        gone = becomes(service, watch, "interface-gone")
        assert gone["changes"] == 2 and watch_operations() == []
        assert_problem(service.request("GET", f"/v1/interfaces/{name}/watches"), 404, "interface-not-found")
        assert [entry["watch"] for entry in service.get("/v1/watches")["watches"]] == [watch["watch"]]
        ip("link", "add", name, "type", "vcan")
        ip("link", "set", name, "up")
        becomes(service, watch, "active")
        # The first frame since is a change.
        cansend(name, "123#02")
        report(stream, watch, "changed", data="02")
        assert current(service, watch)["changes"] == 3
    assert service.request("DELETE", f"/v1/watches/{watch['watch']}").status == 204
    assert watch_operations() == []


def test_a_watch_of_an_interface_that_is_down_waits(service, watches, make_interface):
    name = make_interface(up=False)
    with websocket(service, f"/v1/interfaces/{name}/frames?events=watch") as stream:
        watch = watches(name)
        assert watch["state"] == "interface-down"
        ip("link", "set", name, "up")
        becomes(service, watch, "active")
        cansend(name, "123#01")
        report(stream, watch, "changed", data="01")


def test_a_watch_whose_interface_is_gone_can_be_removed(service, watches, make_interface):
    name = make_interface()
    watch = watches(name)
    ip("link", "del", name)
    becomes(service, watch, "interface-gone")
    assert service.request("DELETE", f"/v1/watches/{watch['watch']}").status == 204
    assert service.get("/v1/watches") == {"watches": []}
