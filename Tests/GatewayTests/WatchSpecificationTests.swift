import CAN
import HTTP
import JSON
import Testing

@testable import Gateway
@testable import SocketCAN

@Suite struct WatchSpecificationTests {
    private func specification(_ json: String, mtu: Int = 72) throws(Problem) -> WatchSpecification {
        let interface = Interface(
            name: "vcan0", index: 1, kind: .vcan, isUp: true, isRunning: true, mtu: mtu, transmitQueueLength: 1000)
        return try WatchSpecification(try! JSONValue(parsing: Array(json.utf8)), for: interface)
    }

    private func resource(_ json: String) throws -> JSONValue {
        JSONValue(Watch(number: 7, interface: "vcan0", created: 1_500_000_000, try specification(json)))
    }

    private func problem(_ json: String, mtu: Int = 72) -> Problem? {
        do throws(Problem) {
            _ = try specification(json, mtu: mtu)
            return nil
        } catch {
            return error
        }
    }

    @Test func theLeastThatAWatchNeedsIsAnIdentifier() throws {
        #expect(
            String(decoding: try resource(#"{"id":"123"}"#).encoded, as: UTF8.self)
                == #"{"watch":"w7","interface":"vcan0","id":"123","extended":false,"fd":false,"mask":null,"mux":null,"#
                + #""timeout_ms":null,"throttle_ms":null,"check_dlc":false,"reply":null,"state":"active","#
                + #""created":1.5,"changes":0,"timeouts":0}"#)
    }

    @Test func everythingThatIsSaidComesBack() throws {
        let made = try resource(
            #"""
            {"id":"18DAF110","fd":true,"mask":"f0","mux":[{"value":"10"},{"value":"2000","mask":"00ff"}],
             "timeout_ms":200.5,"throttle_ms":34560000000,"check_dlc":true}
            """#)
        #expect(made["extended"] == true && made["fd"] == true && made["check_dlc"] == true)
        #expect(made["mask"] == "F0")
        #expect(made["mux"] == [["value": "10", "mask": nil], ["value": "2000", "mask": "00FF"]])
        #expect(made["timeout_ms"] == .real(200.5) && made["throttle_ms"] == 34_560_000_000)
        let reply = try resource(#"{"id":"123","fd":false,"check_dlc":false,"reply":{"id":"123","data":"cafe"}}"#)
        #expect(reply["reply"] == ["id": "123", "extended": false, "data": "CAFE"])
    }

    @Test(arguments: [
        (#"{}"#, "id"), (#"{"id":"1234"}"#, "id"), (#"{"id":"800","extended":false}"#, "id"),
        (#"{"id":"123","mask":""}"#, "mask"), (#"{"id":"123","mask":"001122334455667788"}"#, "mask"),
        (#"{"id":"123","mask":"F"}"#, "mask"), (#"{"id":"123","mask":"XX"}"#, "mask"),
        (#"{"id":"123","mux":[{"value":"01"}]}"#, "mask"), (#"{"id":"123","mask":"FF","mux":[]}"#, "mux"),
        (#"{"id":"123","fd":true,"mask":"001122334455667788","mux":[{"value":"00"}]}"#, "mask"),
        (#"{"id":"123","mask":"0F","mux":[{}]}"#, "mux.value"),
        (#"{"id":"123","mask":"0F","mux":[{"value":"10"}]}"#, "mux.value"),
        (#"{"id":"123","mask":"0F","mux":[{"value":"0001"}]}"#, "mux.value"),
        (#"{"id":"123","mask":"0F","mux":[{"value":"01","mask":"001122334455667788"}]}"#, "mux.mask"),
        (#"{"id":"123","timeout_ms":0}"#, "timeout_ms"), (#"{"id":"123","timeout_ms":-1}"#, "timeout_ms"),
        (#"{"id":"123","timeout_ms":0.0009}"#, "timeout_ms"),
        (#"{"id":"123","throttle_ms":34560000000.5}"#, "throttle_ms"),
        (#"{"id":"123","reply":{}}"#, "reply.id"), (#"{"id":"123","reply":{"id":"123","rtr":true}}"#, "reply.rtr"),
        (#"{"id":"123","reply":{"id":"123","fd":true}}"#, "reply.fd"),
        (#"{"id":"123","timeout_ms":1,"reply":{"id":"123"}}"#, "timeout_ms"),
        (#"{"id":"123","fd":true,"reply":{"id":"123"}}"#, "fd"),
        (#"{"id":"123","check_dlc":true,"reply":{"id":"123"}}"#, "check_dlc"),
    ]) func whatBreaksARuleIsRefusedByItsField(json: String, field: String) throws {
        let problem = try #require(self.problem(json))
        #expect(problem.code == .invalidWatch && problem.field == field)
        #expect(problem.index == (field.hasPrefix("mux.") ? 0 : nil))
    }

    @Test(arguments: [
        (#"{"id":"123","name":"x"}"#, "name"), (#"{"id":"123","mask":255}"#, "mask"),
        (#"{"id":"123","mux":{}}"#, "mux"), (#"{"id":"123","mask":"FF","mux":[1]}"#, "mux"),
        (#"{"id":"123","timeout_ms":"1"}"#, "timeout_ms"), (#"{"id":"123","reply":"123#"}"#, "reply"),
        (#"{"id":"123","reply":{"id":"123","flags":1}}"#, "reply.flags"),
    ]) func whatCannotBeReadIsRefusedByItsField(json: String, field: String) throws {
        let problem = try #require(self.problem(json))
        #expect(problem.code == .malformedRequest && problem.field == field)
    }

    @Test func fdFramesNeedAnInterfaceThatTakesThem() {
        #expect(problem(#"{"id":"123","fd":true}"#, mtu: 16)?.field == "fd")
        #expect(problem(#"{"id":"123","fd":true}"#) == nil)
    }

    @Test func aKindMayComeOnceAndThereAre256() {
        func json(_ values: some Sequence<Int>) -> String {
            let entries = values.map { #"{"value":""# + (String($0 + 0x10000, radix: 16).dropFirst()) + #""}"# }
            return #"{"id":"123","mask":"FFFF","mux":["# + entries.joined(separator: ",") + "]}"
        }
        #expect(problem(json(0..<256)) == nil)
        #expect(problem(json(0..<257))?.field == "mux")
        let twice = problem(json([1, 2, 1]))
        #expect(twice?.code == .invalidWatch && twice?.field == "mux.value" && twice?.index == 2)
        // Zeros behind a value change nothing.
        #expect(problem(#"{"id":"123","mask":"FFFF","mux":[{"value":"01"},{"value":"0100"}]}"#)?.index == 1)
    }
}
