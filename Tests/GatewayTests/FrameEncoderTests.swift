import CAN
import JSON
import Testing

@testable import Gateway

@Suite struct FrameEncoderTests {
    private let names = InterfaceNames()

    private func text(_ frame: String, statistics: FrameEncoder.Statistics? = nil, isHardwareTime: Bool = false) throws
        -> String
    {
        let logged = LoggedMessage(
            message: .frame(try Frame(cansend: frame)), direction: .transmitted, timestamp: 1_700_000_000_123_456_789,
            isHardwareTime: isHardwareTime, interface: names.number(of: "vcan0"))
        var bytes: [UInt8] = []
        FrameEncoder(names: names).encode(logged, sequence: 42, statistics: statistics, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let head =
        #"{"type":"frame","seq":42,"timestamp":1700000000.123456,"interface":"vcan0","direction":"tx","#

    @Test(arguments: [
        ("123#DEADBEEF", #""id":"123","extended":false,"data":"DEADBEEF"}"#),
        ("18DAF110#", #""id":"18DAF110","extended":true,"data":""}"#),
        ("123#R4", #""id":"123","extended":false,"rtr":true,"length":4}"#),
        ("123#R8_A", #""id":"123","extended":false,"rtr":true,"length":8,"dlc":10}"#),
        ("123#0011223344556677_9", #""id":"123","extended":false,"data":"0011223344556677","dlc":9}"#),
        ("123##0AA", #""id":"123","extended":false,"data":"AA","fd":true}"#),
        ("123##3AABB", #""id":"123","extended":false,"data":"AABB","fd":true,"brs":true,"esi":true}"#),
    ])
    func everyKindOfFrame(frame: String, rest: String) throws {
        #expect(try text(frame) == Self.head + rest)
    }

    @Test func statisticsAndTheClockComeLast() throws {
        let first = FrameEncoder.Statistics(count: 1)
        let later = FrameEncoder.Statistics(count: 7, period: 10_250_000)
        let frame = #""id":"123","extended":false,"data":"01","#
        #expect(try text("123#01", statistics: first) == Self.head + frame + #""count":1}"#)
        #expect(try text("123#01", statistics: later) == Self.head + frame + #""count":7,"period_ms":10.25}"#)
        let hardware = try text("123#01", statistics: later, isHardwareTime: true)
        #expect(hardware == Self.head + frame + #""clock":"hardware","count":7,"period_ms":10.25}"#)
    }

    @Test func shapesDoNotGetMixedUp() throws {
        let encoder = FrameEncoder(names: names)
        let frames = ["123#01", "123##101", "123#R", "00000123#01", "123##201", "123#01"]
        for interface in ["vcan0", "vcan1"] {
            for direction in Direction.allCases {
                for frame in frames {
                    let logged = LoggedMessage(
                        message: .frame(try Frame(cansend: frame)), direction: direction, timestamp: 0,
                        isHardwareTime: false, interface: names.number(of: interface))
                    var bytes: [UInt8] = []
                    encoder.encode(logged, sequence: 1, into: &bytes)
                    let json = try JSONValue(parsing: bytes)
                    #expect(json["interface"] == .string(interface))
                    #expect(json["direction"] == .string(direction.rawValue))
                    #expect(json["fd"] == (frame.contains("##") ? true : nil as JSONValue?))
                    #expect(json["brs"] == (frame.contains("##1") ? true : nil as JSONValue?))
                    #expect(json["esi"] == (frame.contains("##2") ? true : nil as JSONValue?))
                    #expect(json["extended"] == .boolean(frame.hasPrefix("00000")))
                }
            }
        }
    }
}
