import CAN
import Testing

@Suite struct FilterCandumpTests {
    /// The examples of the notation's description and more, and what they stand for.
    static let examples: [(text: String, filter: Filter)] = [
        ("123:7FF", Filter(identifier: 0x123, mask: 0x7FF)),
        ("123:C00007FF", Filter(identifier: 0x123, mask: 0x7FF, extended: false, remote: false)),
        ("18DAF110:9FFFFFFF", Filter(identifier: 0x18DA_F110, mask: 0x1FFF_FFFF, extended: true)),
        ("123~7FF", Filter(identifier: 0x123, mask: 0x7FF, isInverted: true)),
        ("000:000", Filter(identifier: 0, mask: 0)),
        ("00000123:800007FF", Filter(identifier: 0x123, mask: 0x7FF, extended: true)),
        ("123:800007FF", Filter(identifier: 0x123, mask: 0x7FF, extended: false)),
        ("40000000~40000000", Filter(identifier: 0, mask: 0, remote: true, isInverted: true)),
        ("18DAF110:1FFFFFFF", Filter(identifier: 0x18DA_F110, mask: 0x1FFF_FFFF)),
    ]

    @Test(arguments: examples)
    func theExamplesAreUnderstood(text: String, filter: Filter) throws {
        #expect(try Filter(candump: text) == filter)
        #expect(try Filter(candump: filter.candump) == filter)
    }

    @Test(arguments: [
        ("0:0", "000:000"), ("7ab:7ff", "7AB:7FF"), ("1:1", "001:001"), ("00000123:7FF", "123:7FF"),
        ("123~FFFFFFFF", "123~C00007FF"), ("18daf110:3fffffff", "18DAF110:1FFFFFFF"),
    ])
    func otherSpellingsComeOutInOneForm(text: String, canonical: String) throws {
        #expect(try Filter(candump: text).candump == canonical)
    }

    @Test(arguments: [
        ("", "'' is no filter; write identifier:mask (123:7FF) or identifier~mask"),
        ("123", "'123' is no filter; write identifier:mask (123:7FF) or identifier~mask"),
        (":", "':' needs 1 to 8 hex digits on both sides of ':'"),
        ("123:", "'123:' needs 1 to 8 hex digits on both sides of ':'"),
        ("~7FF", "'~7FF' needs 1 to 8 hex digits on both sides of '~'"),
        ("123:7FG", "'123:7FG' needs 1 to 8 hex digits on both sides of ':'"),
        ("0x123:7FF", "'0x123:7FF' needs 1 to 8 hex digits on both sides of ':'"),
        ("123:123456789", "'123:123456789' needs 1 to 8 hex digits on both sides of ':'"),
        ("123:7FF:1", "'123:7FF:1' needs 1 to 8 hex digits on both sides of ':'"),
        ("123:7FF~1", "'123:7FF~1' needs 1 to 8 hex digits on both sides of ':'"),
        ("20000123:7FF", "'20000123:7FF' has the error flag (20000000); error frames are chosen by #mask"),
    ])
    func whatIsNoFilterIsNamed(text: String, description: String) throws {
        let error = try #require(throws: InvalidFilter.self) { try Filter(candump: text) }
        #expect(error.description == description)
    }

    @Test func remoteFramesOfTheStandardFormatCanBeWritten() throws {
        // The remote flag needs eight digits, which alone would mean an extended identifier.
        let filter = Filter(identifier: 0x123, mask: 0x7FF, extended: false, remote: true)
        #expect(try Filter(candump: filter.candump) == filter)
    }

    @Test func everyFilterRoundTrips() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let filter = generator.filter()
            try #require(try Filter(candump: filter.candump) == filter, "\(filter.candump)")
        }
    }
}
