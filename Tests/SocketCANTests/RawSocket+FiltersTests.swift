import CAN
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite(.sharedInterface) struct RawSocketFiltersTests {
        private let bus: VirtualInterface
        private let error = ErrorFrame(classes: ErrorClasses(rawValue: 0x40), data: Payload(zeros: 8))

        /// Frames that differ in each thing that a filter looks at.
        static let texts = [
            "123#", "124#", "523#", "123#R", "124#R", "00000123#", "00000123#R", "1FFFF923#", "18DAF110#", "123##0",
            "00000123##0",
        ]

        static let extended = texts.filter { $0.prefix { $0 != "#" }.count == 8 }

        init() throws { bus = try SharedInterface.get() }

        /// The frames of ``texts`` that a set lets through, by the kernel.
        private func passing(_ receiver: borrowing RawSocket, expecting count: Int) throws -> [String] {
            let sender = try RawSocket(interfaceIndex: bus.index)
            try sender.sendAll(Self.texts.map { try Frame(cansend: $0) })
            return try receiver.nextFrames(count).map(\.cansend)
        }

        /// The filters of the interface in one of the kernel's lists, as `id mask`.
        private func listed(_ list: String) throws -> [String] {
            try Machine.readFile("/proc/net/can/rcvlist_\(list)").split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                return words.first == bus.name[...] && words.count >= 3 ? "\(words[1]) \(words[2])" : nil
            }
        }

        private static let lists = ["all", "fil", "inv", "sff", "eff"]

        /// Sets of each kind, the list of the kernel that holds them and how, and what they let through.
        static let kinds: [(set: [String], list: String, entries: [String], passing: [String])] = [
            ([], "all", ["000 00000000"], texts),
            (
                ["123:7FF"], "fil", ["123 000007ff"],
                ["123#", "123#R", "00000123#", "00000123#R", "1FFFF923#", "123##0", "00000123##0"]
            ),
            (["123:800007FF"], "fil", ["123 800007ff"], ["123#", "123#R", "123##0"]),
            (["123:C00007FF"], "sff", ["123 c00007ff"], ["123#", "123##0"]),
            (["00000123:9FFFFFFF"], "fil", ["80000123 9fffffff"], ["00000123#", "00000123#R", "00000123##0"]),
            (["00000123:DFFFFFFF"], "eff", ["80000123 dfffffff"], ["00000123#", "00000123##0"]),
            (["40000000:40000000"], "fil", ["40000000 40000000"], ["123#R", "124#R", "00000123#R"]),
            (["00000000:80000000"], "fil", ["80000000 80000000"], extended),
            (["123~7FF"], "inv", ["123 000007ff"], ["124#", "523#", "124#R", "18DAF110#"]),
            (
                ["123:7FF,124:7FF"], "fil", ["124 000007ff", "123 000007ff"],
                texts.filter { !["523#", "18DAF110#"].contains($0) }
            ),
        ]

        @Test func whatASocketIsOpenedWithIsInForce() throws {
            let set = try FilterSet(candump: ["123:C00007FF", "124:7FF", "#40"])
            let receiver = try RawSocket(interfaceIndex: bus.index, filters: set)
            #expect(try receiver.filters() == set)
            #expect(try passing(receiver, expecting: 4) == ["123#", "124#", "124#R", "123##0"])
        }

        @Test func aDuplicateIsTheSameSocket() throws {
            let set = try FilterSet(candump: ["124:7FF"])
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.duplicate().setFilters(set)
            #expect(try receiver.filters() == set)
            #expect(try passing(receiver, expecting: 2) == ["124#", "124#R"])
        }

        @Test func eachKindLetsThroughWhatItSays() throws {
            for (items, list, entries, expected) in Self.kinds {
                let set = try FilterSet(candump: items)
                let receiver = try RawSocket(interfaceIndex: bus.index)
                try receiver.setFilters(set)
                #expect(try receiver.filters() == set, "\(items)")
                for other in Self.lists {
                    #expect(try Set(listed(other)) == (other == list ? Set(entries) : []), "\(items) in \(other)")
                }
                #expect(try passing(receiver, expecting: expected.count) == expected, "\(items)")
            }
        }

        static let conditions: [(UInt32, UInt32)] = [
            (0x123, 0x7FF), (0x18DA_F110, 0x1FFF_FFFF), (0, 0), (0x100, 0x1000_0100),
        ]

        @Test func theLibraryPredictsWhatTheKernelDoes() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let frames = try Self.texts.map { try Frame(cansend: $0) }
            for extended in [nil, true, false] as [Bool?] {
                for remote in [nil, true, false] as [Bool?] {
                    for isInverted in [false, true] {
                        for (identifier, mask) in Self.conditions {
                            let filter = Filter(
                                identifier: identifier, mask: mask, extended: extended, remote: remote,
                                isInverted: isInverted)
                            try receiver.setFilters(FilterSet(filters: [filter]))
                            #expect(try receiver.filters().filters == [filter])
                            let expected = frames.filter { filter.passes($0) }.map(\.cansend)
                            #expect(try passing(receiver, expecting: expected.count) == expected, "\(filter.candump)")
                        }
                    }
                }
            }
        }

        @Test func joinedAllMustMatch() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let set = try FilterSet(candump: ["123:7FF", "00000000~80000000", "40000000~40000000", "j"])
            try receiver.setFilters(set)
            #expect(try receiver.filters() == set)
            #expect(try passing(receiver, expecting: 2) == ["123#", "123##0"])
        }

        @Test func aFrameThatMatchesTwiceComesOnce() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.setFilters(try FilterSet(candump: ["18DAF110:1FFFFFFF,00000000:80000000,18DAF110:DFFFFFFF"]))
            #expect(try passing(receiver, expecting: Self.extended.count) == Self.extended)
        }

        // MARK: How many

        @Test func anEmptyListHearsErrorFramesOnly() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let set = FilterSet(filters: [], errors: ErrorClasses(rawValue: 0x40))
            try receiver.setFilters(set)
            #expect(try receiver.filters() == set)
            #expect(try Self.lists.allSatisfy { try listed($0).isEmpty })
            #expect(try listed("err") == ["000 00000040"])
            let sender = try RawSocket(interfaceIndex: bus.index)
            try sender.sendAll(Self.texts.map { try Frame(cansend: $0) })
            try sender.send(error)
            #expect(try receiver.next(1).map(\.message) == [.error(error)])
            #expect(try receiver.queued().isEmpty)
        }

        @Test func theKernelTakes512() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let filters = (0..<512).map { Filter(identifier: UInt32($0), mask: 0x7FF, extended: false, remote: false) }
            try receiver.setFilters(FilterSet(filters: filters))
            #expect(try receiver.filters().filters == filters)
            #expect(try listed("sff").count == 512)
            #expect(try passing(receiver, expecting: 3) == ["123#", "124#", "123##0"])
        }

        @Test func ofMoreNothingIsChanged() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let before = try FilterSet(candump: ["123:7FF,124:7FF", "#40"])
            try receiver.setFilters(before)
            let filter = Filter(identifier: 0x523, mask: 0x7FF)
            let tooMany = FilterSet(
                filters: [Filter](repeating: filter, count: 513), isJoined: true, errors: ErrorClasses(rawValue: 1))
            #expect(refusal { () throws(SystemError) in try receiver.setFilters(tooMany) } == .invalidArgument)
            #expect(try receiver.filters() == before)
        }

        // MARK: Changes and defaults

        @Test func aNewSocketPassesEveryFrameAndNoErrorFrame() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            #expect(try receiver.filters() == FilterSet(filters: FilterSet.everything.filters, errors: []))
            #expect(try listed("all") == ["000 00000000"])
            #expect(try listed("err").isEmpty)
        }

        @Test func whatIsQueuedStays() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let sender = try RawSocket(interfaceIndex: bus.index)
            #expect(try sender.send([try Frame(cansend: "123#01")]) == 1)
            try #require(try receiver.isReady())
            try receiver.setFilters(try FilterSet(candump: ["124:7FF"]))
            try sender.sendAll([try Frame(cansend: "123#02"), try Frame(cansend: "124#03")])
            #expect(try receiver.nextFrames(2).map(\.cansend) == ["123#01", "124#03"])
        }

        @Test func joinedFiltersHideErrorFrames() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let frame = try Frame(cansend: "123#")
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.setFilters(try FilterSet(candump: ["123:7FF,000~7FF,j"]))
            try sender.send(error)
            #expect(try sender.send([frame]) == 1)
            #expect(try receiver.next(1).map(\.message) == [.frame(frame)])
            #expect(try receiver.queued().isEmpty)

            // One filter is nothing to join.
            try receiver.setFilters(try FilterSet(candump: ["123:7FF,j"]))
            try sender.send(error)
            #expect(try sender.send([frame]) == 1)
            #expect(try receiver.next(2).map(\.message) == [.error(error), .frame(frame)])
        }
    }
}
