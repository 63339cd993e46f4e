import CAN
import Testing

@Suite struct FrameCansendTests {
    /// The examples of the notation's description, and what they stand for.
    static let examples: [(text: String, identifier: Identifier, content: Frame.Content)] = [
        ("123#DEADBEEF", .standard(0x123), .data([0xDE, 0xAD, 0xBE, 0xEF], rawDLC: nil)),
        ("123#", .standard(0x123), .data([], rawDLC: nil)),
        ("123#11.22.33", .standard(0x123), .data([0x11, 0x22, 0x33], rawDLC: nil)),
        ("18DAF110#0102", .extended(0x18DA_F110), .data([1, 2], rawDLC: nil)),
        ("123#R", .standard(0x123), .remote(length: 0, rawDLC: nil)),
        ("123#R4", .standard(0x123), .remote(length: 4, rawDLC: nil)),
        ("123#R8_C", .standard(0x123), .remote(length: 8, rawDLC: 12)),
        (
            "123#0011223344556677_9", .standard(0x123),
            .data([0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77], rawDLC: 9)
        ),
        (
            "123##3DEADBEEF", .standard(0x123),
            .fd([0xDE, 0xAD, 0xBE, 0xEF], bitRateSwitch: true, errorStateIndicator: true)
        ),
    ]

    @Test(arguments: examples)
    func theExamplesAreUnderstood(text: String, identifier: Identifier, content: Frame.Content) throws {
        let frame = try Frame(cansend: text)
        #expect(frame == Frame(identifier: identifier, content: content))
        #expect(frame.cansend == text.split(separator: ".").joined())
    }

    @Test(arguments: [
        ("00000123#aB", "00000123#AB"), ("7ab#deadbeef", "7AB#DEADBEEF"), ("123#r3", "123#R3"), ("123#R0", "123#R"),
        ("7ff#11.2233", "7FF#112233"), ("123#R8_f", "123#R8_F"), ("123##0", "123##0"),
        ("123##4", "123##0"), ("123##411.22", "123##01122"), ("123##711", "123##311"), ("1FFFFFFF##5", "1FFFFFFF##1"),
    ])
    func otherSpellingsComeOutInOneForm(text: String, canonical: String) throws {
        #expect(try Frame(cansend: text).cansend == canonical)
    }

    @Test func theLongestFDFrame() throws {
        let bytes = (0..<64).map { UInt8($0) }
        let frame = try Frame(cansend: "18DAF110##1" + (try #require(Payload(bytes)).description))
        #expect(frame == (try .fd(.extended(0x18DA_F110), bytes, bitRateSwitch: true)))
    }

    /// Each way to write it wrong, the field that is named, and what is said of it.
    static let wrong: [(text: String, field: String, reason: String)] = [
        ("", "", "'' has no '#'; a frame is written 123#DEADBEEF"),
        ("123", "", "'123' has no '#'; a frame is written 123#DEADBEEF"),
        ("#11", "id", "'' is neither 3 hex digits (standard) nor 8 (extended)"),
        ("12#11", "id", "'12' is neither 3 hex digits (standard) nor 8 (extended)"),
        ("1234#11", "id", "'1234' is neither 3 hex digits (standard) nor 8 (extended)"),
        ("123456789#11", "id", "'123456789' is neither 3 hex digits (standard) nor 8 (extended)"),
        ("12G#11", "id", "'12G' is neither 3 hex digits (standard) nor 8 (extended)"),
        (" 123#11", "id", "' 123' is neither 3 hex digits (standard) nor 8 (extended)"),
        ("800#11", "id", "800 is above 7FF, the greatest standard identifier (extended: true for 29 bits)"),
        ("40000000#11", "id", "40000000 is above 1FFFFFFF, the greatest extended identifier"),
        ("20000004#0011223344556677", "id", "has the error flag (20000000); error frames cannot be sent"),
        ("123#1", "data", "has 1 hex digits, two are needed for each byte"),
        ("123#1.1", "data", "has 1 hex digits, two are needed for each byte"),
        ("123#.11", "data", "'.11' has a '.' that does not stand between two bytes"),
        ("123#11.", "data", "'11.' has a '.' that does not stand between two bytes"),
        ("123#11..22", "data", "'11..22' has a '.' that does not stand between two bytes"),
        ("123##0.11", "data", "'.11' has a '.' that does not stand between two bytes"),
        ("123#1G", "data", "has the character 'G', which is no hex digit"),
        ("123#1 22", "data", "has the character ' ', which is no hex digit"),
        (
            "123#001122334455667788", "data",
            "has 9 bytes; a classic frame carries at most 8 (CAN FD, fd, up to 64)"
        ),
        ("123#0011223344556677_", "dlc", "'' is no hex digit of 9 to F"),
        ("123#0011223344556677_G", "dlc", "'G' is no hex digit of 9 to F"),
        ("123#0011223344556677_10", "dlc", "'10' is no hex digit of 9 to F"),
        ("123#0011223344556677_8", "dlc", "is 8; a raw data length code is 9 to 15"),
        ("123#00_9", "dlc", "is 9 with 1 bytes; a raw data length code needs 8"),
        ("123#R9", "length", "is 9; a remote frame asks for 0 to 8 bytes"),
        ("123#R10", "length", "'10' is no digit of 0 to 8"),
        ("123#RX", "length", "'X' is no digit of 0 to 8"),
        ("123#R4_9", "dlc", "is 9 with 4 bytes; a raw data length code needs 8"),
        ("123##", "fd", "has no flags; after '##' comes one digit: 0, 1 (BRS), 2 (ESI) or 3 (both)"),
        ("123##8", "fd", "has no flags; after '##' comes one digit: 0, 1 (BRS), 2 (ESI) or 3 (both)"),
        ("123##R", "fd", "has no flags; after '##' comes one digit: 0, 1 (BRS), 2 (ESI) or 3 (both)"),
        ("123##1R", "data", "has 1 hex digits, two are needed for each byte"),
        ("123##100112233445566_9", "data", "has the character '_', which is no hex digit"),
        ("123###11", "fd", "has no flags; after '##' comes one digit: 0, 1 (BRS), 2 (ESI) or 3 (both)"),
    ]

    @Test(arguments: wrong)
    func eachWrongFormIsNamed(text: String, field: String, reason: String) {
        #expect(throws: InvalidFrame(field, reason)) { try Frame(cansend: text) }
    }

    @Test func anFDLengthThatDoesNotExistNamesItsNeighbours() throws {
        let error = try #require(throws: InvalidFrame.self) { try Frame(cansend: "123##0001122334455667788") }
        #expect(error.field == "data")
        #expect(error.allowed == [8, 12])
        #expect(error.reason.hasPrefix("has 9 bytes, which no CAN FD frame has; the nearest lengths are 8 and 12"))
    }

    @Test func everyFrameRoundTrips() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<3000 {
            let frame = try generator.frame()
            try #require(try Frame(cansend: frame.cansend) == frame)
        }
    }

    @Test func noTextTraps() {
        var generator = SeededGenerator(seed: 2)
        let characters = Array("0189AFfRr#_. gé\u{301}")
        for _ in 0..<3000 {
            let length = Int.random(in: 0...14, using: &generator)
            let text = String((0..<length).map { _ in characters.randomElement(using: &generator)! })
            // What is understood is written in a form that is understood alike.
            guard let frame = try? Frame(cansend: "123#" + text) else { continue }
            #expect((try? Frame(cansend: frame.cansend)) == frame)
        }
    }
}
