import Linux
internal import Synchronization
import Testing

/// A virtual interface that tests make for themselves, removed with its last reference.
final class VirtualInterface: Sendable {
    /// What the tests need.
    enum Kind: String {
        /// A bus within this host.
        case bus = "vcan"
        /// A cable, whose other end is ``VirtualInterface/peerName``.
        case vxcan
    }

    /// Its name, `"vct0"`.
    let name: String
    /// Its number.
    let index: Int
    /// The name of a cable's other end.
    var peerName: String { name + "p" }

    private static let made = Atomic(0)

    /// Makes an interface and switches it on.
    /// - Parameter mtu: The size of its longest frame; the kind's own when nil.
    init(_ kind: Kind = .bus, mtu: Int? = nil, isUp: Bool = true) throws {
        name = Self.freeName()
        var command = ["/sbin/ip", "link", "add", "name", name]
        if let mtu { command += ["mtu", "\(mtu)"] }
        if isUp { command.append("up") }
        command += ["type", kind.rawValue]
        if kind == .vxcan { command += ["peer", "name", name + "p"] }
        try Program.run(command)
        guard let index = interfaceIndex(name) else { throw SystemError(.noSuchDevice, call: "if_nametoindex") }
        self.index = index
    }

    deinit { remove() }

    /// A name that is not in use, also not by what an earlier run left behind when it was killed.
    private static func freeName() -> String {
        while true {
            let name = "vct\(made.wrappingAdd(1, ordering: .relaxed).oldValue)"
            if interfaceIndex(name) == nil { return name }
        }
    }

    /// Removes it, unless that is done.
    func remove() {
        guard interfaceIndex(name) != nil else { return }
        _ = try? Program.run("/sbin/ip", "link", "delete", name)
    }

    /// Switches it on or off, or changes something else of it (`ip link set`).
    func set(_ change: String...) throws {
        try Program.run(["/sbin/ip", "link", "set", name] + change)
    }

    /// Gives it a transmit queue that is emptied at a rate, 16 bytes for each classic frame (`tc qdisc`, tbf).
    func slowDown(bytesPerSecond: Int, queueBytes: Int) throws {
        try Program.run(
            "/sbin/tc", "qdisc", "add", "dev", name, "root", "tbf", "rate", "\(bytesPerSecond * 8)bit",
            "burst", "100", "limit", "\(queueBytes)")
    }
}

/// Makes one interface for all tests of a suite, which come one after the other and leave it as it was.
struct SharedInterface: SuiteTrait, TestScoping {
    @TaskLocal private static var current: VirtualInterface?

    /// The interface of the suite that is running.
    static func get() throws -> VirtualInterface { try #require(current) }

    /// Runs the suite with its interface.
    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let interface = try VirtualInterface()
        defer { interface.remove() }
        try await Self.$current.withValue(interface) { try await function() }
    }
}

extension Trait where Self == SharedInterface {
    /// One interface for all tests of the suite.
    static var sharedInterface: Self { SharedInterface() }
}
