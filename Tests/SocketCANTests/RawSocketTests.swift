import CAN
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite(.sharedInterface) struct RawSocketTests {
        private let bus: VirtualInterface

        init() throws { bus = try SharedInterface.get() }

        // MARK: Opening

        @Test(arguments: [0, -1, 999_999, Int(Int32.max), Int(Int32.max) + 1])
        func anInterfaceThatDoesNotExistIsRefused(index: Int) {
            #expect(refusal { () throws(SystemError) in try RawSocket(interfaceIndex: index) } == .noSuchDevice)
        }

        @Test func anInterfaceThatIsNoCANInterfaceIsRefused() throws {
            let lo = try #require(try Machine.readFile("/sys/class/net/lo/ifindex").split(separator: "\n").first)
            let index = try #require(Int(lo))
            #expect(refusal { () throws(SystemError) in try RawSocket(interfaceIndex: index) } == .noSuchDevice)
        }

        // MARK: Frames

        /// Frames of every kind, and the bytes that the kernel takes and gives for each (linux/can.h); zeros follow.
        static let layouts: [(text: String, size: Int, head: [UInt8])] = [
            ("123#DEADBEEF", 16, [0x23, 0x01, 0, 0, 4, 0, 0, 0, 0xDE, 0xAD, 0xBE, 0xEF]),
            ("000#", 16, []),
            ("7FF#0102030405060708", 16, [0xFF, 0x07, 0, 0, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
            ("18DAF110#01", 16, [0x10, 0xF1, 0xDA, 0x98, 1, 0, 0, 0, 1]),
            ("00000123#01", 16, [0x23, 0x01, 0, 0x80, 1, 0, 0, 0, 1]),
            ("123#R", 16, [0x23, 0x01, 0, 0x40]),
            ("123#R5", 16, [0x23, 0x01, 0, 0x40, 5]),
            ("1FFFFFFF#R8", 16, [0xFF, 0xFF, 0xFF, 0xDF, 8]),
            ("123#0102030405060708_9", 16, [0x23, 0x01, 0, 0, 8, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8]),
            ("123#R8_F", 16, [0x23, 0x01, 0, 0x40, 8, 0, 0, 15]),
            ("123##0", 72, [0x23, 0x01, 0, 0, 0, 4]),
            ("123##1AABB", 72, [0x23, 0x01, 0, 0, 2, 5, 0, 0, 0xAA, 0xBB]),
            ("123##2AA", 72, [0x23, 0x01, 0, 0, 1, 6, 0, 0, 0xAA]),
            ("18DAF110##30102030405060708", 72, [0x10, 0xF1, 0xDA, 0x98, 8, 7, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
            (
                "123##0" + String(repeating: "5A", count: 64), 72,
                [0x23, 0x01, 0, 0, 64, 4, 0, 0] + [UInt8](repeating: 0x5A, count: 64)
            ),
        ]

        @Test func everyKindOfFrameGoesByteForByte() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            for (text, size, head) in Self.layouts {
                let bytes = head + [UInt8](repeating: 0, count: size - head.count)
                let frame = try Frame(cansend: text)
                #expect(try sender.send([frame]) == 1)
                #expect(try receiver.nextBytes() == bytes, "\(text)")
                try sender.write(bytes)
                #expect(try receiver.next(1).map(\.message) == [.frame(frame)], "\(text)")
            }
        }

        @Test func manyFramesArriveCompleteAndInOrder() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let lengths = DataLength.fd
            let frames = try (0..<200).map { number -> Frame in
                let identifier = Identifier(truncating: UInt32(number * 7919), extended: number.isMultiple(of: 2))
                let bytes = [UInt8](repeating: UInt8(number), count: lengths[number % lengths.count])
                return bytes.count <= 8 && number.isMultiple(of: 3)
                    ? try .data(identifier, bytes) : try .fd(identifier, bytes)
            }
            try sender.sendAll(frames)
            #expect(try receiver.nextFrames(frames.count) == frames)
        }

        @Test func errorFramesReachThoseWhoAskForTheirClass() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let everything = try RawSocket(interfaceIndex: bus.index)
            try everything.setFilters(.everything)
            let busOff = try RawSocket(interfaceIndex: bus.index)
            try busOff.setFilters(FilterSet(filters: [], errors: ErrorClasses(rawValue: 0x40)))
            let new = try RawSocket(interfaceIndex: bus.index)
            let errors = [
                ErrorFrame(classes: ErrorClasses(rawValue: 0x204), data: [0, 0x10, 0, 0, 0, 0, 96, 128]),
                ErrorFrame(classes: ErrorClasses(rawValue: 0x40), data: Payload(zeros: 8)),
            ]
            for error in errors { try sender.send(error) }
            #expect(try everything.next(2).map(\.message) == errors.map { .error($0) })
            #expect(try busOff.next(1).map(\.message) == [.error(errors[1])])
            #expect(try new.queued().isEmpty)
        }

        @Test func anErrorFrameHasTheKernelsLayout() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.setFilters(.everything)
            let data: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
            try sender.send(ErrorFrame(classes: [.counters], data: try #require(Payload(data))))
            #expect(try receiver.nextBytes() == [0, 0x02, 0, 0x20, 8, 0, 0, 0] + data)
        }

        @Test func anFDFrameNeedsAnInterfaceThatTakesIt() throws {
            let classic = try VirtualInterface(mtu: 16)
            let sender = try RawSocket(interfaceIndex: classic.index)
            let receiver = try RawSocket(interfaceIndex: classic.index)
            let fd = try Frame(cansend: "123##0AA")
            let data = try Frame(cansend: "123#AA")
            #expect(refusal { () throws(SystemError) in try sender.send([fd]) } == .invalidArgument)
            // Of a list, those before it have gone.
            #expect(try sender.send([data, data, fd, data]) == 2)
            #expect(try receiver.nextFrames(2) == [data, data])
        }

        @Test func aBatchIsSixtyFourFrames() throws {
            let witness = try RawSocket(interfaceIndex: bus.index)
            let sender = try RawSocket(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let frames = try (0..<70).map { try Frame.data(Identifier(truncating: $0, extended: false), [UInt8($0)]) }
            #expect(try sender.send(frames[...]) == 64)
            #expect(try sender.send(frames[64...]) == 6)
            #expect(try witness.nextFrames(70) == frames)
            let batch = ReceiveBatch()
            #expect(try receiver.receive(into: batch) == ReceiveBatch.capacity)
            #expect(batch.count == 64)
            #expect((0..<64).map { batch[$0].message } == frames[..<64].map { .frame($0) })
            #expect(try receiver.receive(into: batch) == 6)
            #expect((0..<6).map { batch[$0].message } == frames[64...].map { .frame($0) })
            #expect(try receiver.receive(into: batch) == 0)
            #expect(batch.count == 0)
        }

        // MARK: Controllers

        @Test func framesCrossTheBusOfTwoControllers() throws {
            let sender = try RawSocket(interfaceIndex: try #require(interfaceIndex("can0")))
            let receiver = try RawSocket(interfaceIndex: try #require(interfaceIndex("can1")))
            let texts = ["123#", "7FF#01", "123#0102030405060708", "18DAF110#0102030405060708", "123#R", "18DAF110#R8"]
            for frame in try texts.map({ try Frame(cansend: $0) }) {
                #expect(try sender.send([frame]) == 1)
                let received = try receiver.next(1)
                #expect(received.map(\.message) == [.frame(frame)])
                #expect(received.map(\.direction) == [.received])
            }
        }
    }
}
