import CAN
import Testing

@Suite struct FilterSetTests {
    private let low = Filter(identifier: 0x100, mask: 0x700, extended: false)
    private let odd = Filter(identifier: 0x001, mask: 0x001, extended: false)

    private func data(_ identifier: UInt32) throws -> Message { .frame(try .data(.standard(identifier), [])) }

    /// Those of the identifiers whose standard data frames pass.
    private func passing(_ set: FilterSet, _ identifiers: [UInt32]) throws -> [UInt32] {
        try identifiers.filter { set.passes(try data($0)) }
    }

    private func error(_ classes: UInt32) -> Message {
        .error(ErrorFrame(classes: ErrorClasses(rawValue: classes), data: Payload(zeros: 8)))
    }

    // MARK: What passes

    @Test func everythingPassesEverything() throws {
        #expect(FilterSet.everything.passes(try data(0x123)))
        #expect(FilterSet.everything.passes(.frame(try .remote(.extended(0), length: 0))))
        #expect(FilterSet.everything.passes(error(0x40)))
    }

    @Test func oneOfTheFiltersIsEnough() throws {
        let set = FilterSet(filters: [low, odd])
        #expect(try passing(set, [0x101, 0x102, 0x202, 0x203]) == [0x101, 0x102, 0x203])
    }

    @Test func joinedAllMustMatch() throws {
        let set = FilterSet(filters: [low, odd], isJoined: true)
        #expect(try passing(set, [0x101, 0x102, 0x202, 0x203]) == [0x101])
    }

    @Test func anEmptyListPassesNoFrame() throws {
        for isJoined in [false, true] {
            let set = FilterSet(filters: [], isJoined: isJoined)
            #expect(!set.passes(try data(0x123)))
            #expect(set.passes(error(4)))
        }
    }

    @Test func errorFramesNeedOneClassOfTheMask() {
        let set = FilterSet(filters: [], errors: ErrorClasses(rawValue: 0x44))
        #expect(set.passes(error(0x40)) && set.passes(error(0x204)))
        #expect(!set.passes(error(0x08)))
        #expect(!FilterSet(filters: [low], errors: []).passes(error(0x1FFF_FFFF)))
    }

    // MARK: candump's notation

    @Test(
        arguments: [
            (["123:7FF"], [Filter(identifier: 0x123, mask: 0x7FF)], false, 0x1FFF_FFFF),
            (
                ["123:7FF,456:7FF"], [Filter(identifier: 0x123, mask: 0x7FF), Filter(identifier: 0x456, mask: 0x7FF)],
                false, 0x1FFF_FFFF
            ),
            (
                ["100~700,101~7FF,j"],
                [
                    Filter(identifier: 0x100, mask: 0x700, isInverted: true),
                    Filter(identifier: 0x101, mask: 0x7FF, isInverted: true),
                ], true, 0x1FFF_FFFF
            ),
            (["123:7FF,#00000040"], [Filter(identifier: 0x123, mask: 0x7FF)], false, 0x40),
            (["0~0,#FFFFFFFF"], [], false, 0x1FFF_FFFF),
            (["#0"], [Filter(identifier: 0, mask: 0)], false, 0),
            ([], [Filter(identifier: 0, mask: 0)], false, 0x1FFF_FFFF),
            (["J", "#1"], [Filter(identifier: 0, mask: 0)], true, 1),
            (
                ["123:7FF", "456:7FF", "#4"],
                [Filter(identifier: 0x123, mask: 0x7FF), Filter(identifier: 0x456, mask: 0x7FF)], false, 4
            ),
        ] as [([String], [Filter], Bool, UInt32)])
    func listsAreUnderstood(items: [String], filters: [Filter], isJoined: Bool, errors: UInt32) throws {
        let set = FilterSet(filters: filters, isJoined: isJoined, errors: ErrorClasses(rawValue: errors))
        #expect(try FilterSet(candump: items) == set)
    }

    @Test(arguments: [
        (["123:7FF,"], 1, "'' is no filter; write identifier:mask (123:7FF) or identifier~mask"),
        ([""], 0, "'' is no filter; write identifier:mask (123:7FF) or identifier~mask"),
        (["jj"], 0, "'jj' is no filter; write identifier:mask (123:7FF) or identifier~mask"),
        (["#"], 0, "'#' is no error mask; # and 1 to 8 hex digits"),
        (["123:7FF,j", "#1,#X"], 3, "'#X' is no error mask; # and 1 to 8 hex digits"),
        (["123:7FF", "#123456789"], 1, "'#123456789' is no error mask; # and 1 to 8 hex digits"),
    ])
    func whatIsNoListIsNamed(items: [String], index: Int, description: String) throws {
        let error = try #require(throws: InvalidFilter.self) { try FilterSet(candump: items) }
        #expect(error.description == description)
        #expect(error.index == index)
    }

    @Test func theKernelTakes512() throws {
        let most = [String](repeating: "123:7FF", count: 512)
        #expect(try FilterSet(candump: most).filters.count == FilterSet.capacity)
        let error = try #require(throws: InvalidFilter.self) { try FilterSet(candump: most + ["456:7FF,#0"]) }
        #expect(error.description == "513 filters are too many; the kernel takes 512")
        #expect(error.index == nil)
    }

    @Test func theTextOfASet() {
        #expect(FilterSet.everything.candump.isEmpty)
        let set = FilterSet(filters: [low, odd], isJoined: true, errors: ErrorClasses(rawValue: 0x40))
        #expect(set.candump == ["100:80000700", "001:80000001", "#00000040", "j"])
        #expect(FilterSet(filters: FilterSet.everything.filters, errors: []).candump == ["#00000000"])
    }

    @Test func theTextOfAnEmptyListPassesNoFrameEither() throws {
        let read = try FilterSet(candump: FilterSet(filters: [], errors: []).candump)
        #expect(!read.passes(try data(0x123)))
        #expect(!read.passes(error(4)))
    }

    @Test func everySetRoundTrips() throws {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<500 {
            let set = FilterSet(
                filters: (0..<Int.random(in: 1...5, using: &generator)).map { _ in generator.filter() },
                isJoined: Bool.random(using: &generator),
                errors: ErrorClasses(rawValue: UInt32.random(in: 0...UInt32.max, using: &generator)))
            try #require(try FilterSet(candump: set.candump) == set)
        }
    }
}
