import CAN
import Testing

@Suite struct FilterTests {
    private let standard = Identifier.standard(0x123)
    private let extended = Identifier.extended(0x123)

    // MARK: Conditions

    @Test func onlyTheBitsOfTheMaskAreCompared() {
        let filter = Filter(identifier: 0x120, mask: 0x7F0)
        #expect(filter.passes(.standard(0x12F), isRemote: false))
        #expect(!filter.passes(.standard(0x130), isRemote: false))
        #expect(filter.passes(.extended(0x1F12_0120), isRemote: true))
        #expect(Filter(identifier: 0x7FF, mask: 0).passes(.extended(0), isRemote: false))
    }

    @Test(arguments: [(nil, true, true), (true, false, true), (false, true, false)] as [(Bool?, Bool, Bool)])
    func theFormatIsACondition(extended: Bool?, passesStandard: Bool, passesExtended: Bool) {
        let filter = Filter(identifier: 0x123, mask: 0x7FF, extended: extended)
        #expect(filter.passes(standard, isRemote: false) == passesStandard)
        #expect(filter.passes(self.extended, isRemote: false) == passesExtended)
    }

    @Test(arguments: [(nil, true, true), (true, false, true), (false, true, false)] as [(Bool?, Bool, Bool)])
    func beingRemoteIsACondition(remote: Bool?, passesData: Bool, passesRemote: Bool) throws {
        let filter = Filter(identifier: 0x123, mask: 0x7FF, remote: remote)
        #expect(filter.passes(try .data(standard, [])) == passesData)
        #expect(filter.passes(try .remote(standard, length: 0)) == passesRemote)
        #expect(filter.passes(try .fd(standard, [])) == passesData)
    }

    @Test func invertedItPassesTheOthers() {
        let filter = Filter(identifier: 0x123, mask: 0x7FF, extended: false, isInverted: true)
        #expect(!filter.passes(standard, isRemote: false))
        #expect(filter.passes(extended, isRemote: false))
        #expect(filter.passes(.standard(0x124), isRemote: false))
    }

    @Test func theDefaultMaskComparesAllBits() {
        let filter = Filter(identifier: 0x1800_0123)
        #expect(filter.mask == 0x1FFF_FFFF)
        #expect(!filter.passes(standard, isRemote: false))
        #expect(filter.passes(.extended(0x1800_0123), isRemote: false))
    }

    // MARK: Equality

    @Test func bitsThatAreNeverComparedDoNotCount() {
        #expect(
            Filter(identifier: 0xFFFF_F923, mask: 0x1FFF_FFFF, extended: false)
                == Filter(identifier: 0x123, mask: 0x7FF, extended: false))
        #expect(Filter(identifier: 0xE000_0123, mask: .max) == Filter(identifier: 0x123, mask: 0x1FFF_FFFF))
        let reduced = Filter(identifier: 0x123, mask: 0x700)
        #expect(reduced == Filter(identifier: 0x100, mask: 0x700))
        #expect(reduced.hashValue == Filter(identifier: 0x100, mask: 0x700).hashValue)
    }

    @Test func filtersThatDoDifferentThingsDiffer() {
        let filters: [Filter] = [
            Filter(identifier: 0x123, mask: 0x7FF), Filter(identifier: 0x123, mask: 0x7FF, extended: false),
            Filter(identifier: 0x123, mask: 0x7FF, extended: true),
            Filter(identifier: 0x123, mask: 0x7FF, remote: false), Filter(identifier: 0x123, mask: 0x7FF, remote: true),
            Filter(identifier: 0x123, mask: 0x7FF, isInverted: true), Filter(identifier: 0x122, mask: 0x7FF),
            Filter(identifier: 0x123, mask: 0x1FFF_FFFF),
        ]
        #expect(Set(filters).count == filters.count)
    }

    // MARK: The kernel's numbers

    @Test(
        arguments: [
            (Filter(identifier: 0x123, mask: 0x7FF), 0x123, 0x7FF),
            (Filter(identifier: 0x123, mask: 0x7FF, extended: false), 0x123, 0x8000_07FF),
            (Filter(identifier: 0x123, mask: 0x7FF, extended: true), 0x8000_0123, 0x8000_07FF),
            (Filter(identifier: 0x123, mask: 0x7FF, remote: false), 0x123, 0x4000_07FF),
            (Filter(identifier: 0x123, mask: 0x7FF, remote: true), 0x4000_0123, 0x4000_07FF),
            (Filter(identifier: 0x18DA_F110, extended: true, remote: true), 0xD8DA_F110, 0xDFFF_FFFF),
            (Filter(identifier: 0, mask: 0), 0, 0),
        ] as [(Filter, UInt32, UInt32)])
    func rawNumbersGoThereAndBack(filter: Filter, identifier: UInt32, mask: UInt32) {
        #expect(filter.rawIdentifier == identifier)
        #expect(filter.rawMask == mask)
        #expect(Filter(rawIdentifier: identifier, rawMask: mask, isInverted: false) == filter)
        #expect(Filter(rawIdentifier: identifier, rawMask: mask, isInverted: true) != filter)
    }

    @Test func everyFilterKeepsItsMeaningAsRawNumbers() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<2000 {
            let filter = generator.filter()
            let raw = Filter(
                rawIdentifier: filter.rawIdentifier, rawMask: filter.rawMask, isInverted: filter.isInverted)
            #expect(raw == filter)
            // The rule of the kernel, af_can.c.
            let identifier = generator.identifier()
            let isRemote = Bool.random(using: &generator)
            let received = identifier.value | (identifier.isExtended ? 0x8000_0000 : 0) | (isRemote ? 0x4000_0000 : 0)
            let matches = received & filter.rawMask == filter.rawIdentifier & filter.rawMask
            #expect(filter.passes(identifier, isRemote: isRemote) == (matches != filter.isInverted))
        }
    }
}

extension SeededGenerator {
    /// A filter of any kind; the mask is sparse, so that some identifiers pass.
    mutating func filter() -> Filter {
        let conditions: [Bool?] = [nil, true, false]
        let any = UInt32.min...UInt32.max
        return Filter(
            identifier: UInt32.random(in: any, using: &self),
            mask: UInt32.random(in: any, using: &self) & UInt32.random(in: any, using: &self)
                & UInt32.random(in: any, using: &self),
            extended: conditions.randomElement(using: &self)!, remote: conditions.randomElement(using: &self)!,
            isInverted: Bool.random(using: &self))
    }
}
