internal import HTTP
internal import Linux
internal import SocketCAN

/// One change of the machine's interfaces, all of it or nothing: looks how things are, works out what differs, does it,
/// and puts back what was when a step of it fails.
///
/// It blocks: it runs on the event loop's worker thread, one after the other.
struct LinkTransaction {
    /// Whose interfaces they are.
    let kernel: any LinkKernel
    /// How the interface was when it was last looked at.
    private(set) var latest: Interface?

    /// A transaction that has not looked at anything yet.
    init(_ kernel: any LinkKernel) { self.kernel = kernel }

    /// What came of a transaction.
    struct Outcome: Sendable {
        /// The interface as it is now, nil when it was removed.
        let result: Result<Interface?, Problem>
        /// How the interface was when it was last looked at, also when the transaction failed.
        let latest: Interface?
    }

    /// Runs a transaction.
    static func run(
        on kernel: any LinkKernel, _ work: (inout LinkTransaction) throws(Problem) -> Interface?
    ) -> Outcome {
        var transaction = LinkTransaction(kernel)
        do throws(Problem) {
            let interface = try work(&transaction)
            return Outcome(result: .success(interface), latest: transaction.latest)
        } catch {
            return Outcome(result: .failure(error), latest: transaction.latest)
        }
    }

    /// Changes an interface, and returns how it is then.
    /// - Throws: ``Problem``.
    mutating func change(_ known: Interface, by change: InterfaceChange) throws(Problem) -> Interface {
        let before = try look(at: known)
        let plan = try LinkPlan(change, of: before)
        for step in plan.steps {
            do throws(LinkError) {
                try kernel.apply(step.change, to: before)
            } catch {
                throw putBack(before, after: Problem(error, field: step.field))
            }
        }
        return plan.steps.isEmpty ? before : try look(at: before)
    }

    /// Restarts a controller that is bus-off, and returns how it is then.
    /// - Throws: ``Problem``.
    mutating func restart(_ known: Interface) throws(Problem) -> Interface {
        let interface = try look(at: known)
        let name = interface.name
        guard let controller = interface.controller, interface.kind == .controller else {
            throw Problem(
                .notSupported, "'\(name)' is of the kind \(interface.kind.rawValue), which is never bus-off",
                field: "kind")
        }
        guard interface.isUp else { throw .down(name) }
        if let delay = controller.restartDelay, delay != 0 {
            throw .invalidSetting(
                "restart_ms of '\(name)' is \(delay): it restarts by itself, and by hand only with 0",
                field: "restart_ms")
        }
        guard controller.state == .busOff else {
            throw .invalidSetting(
                "'\(name)' is \(controller.state?.name ?? "in no known state"); only a controller that is bus-off restarts",
                field: "state")
        }
        do {
            try kernel.apply(.restart, to: interface)
        } catch {
            var problem = Problem(error, field: "state")
            // EBUSY: it is not bus-off any more.
            if problem.code == .interfaceBusy { problem.code = .invalidInterfaceSetting }
            throw problem
        }
        return try look(at: interface)
    }

    /// How an interface is now.
    mutating func look(at known: Interface) throws(Problem) -> Interface {
        guard let interface = try list().first(where: { $0.index == known.index }) else { throw .gone(known.name) }
        latest = interface
        return interface
    }

    /// All CAN interfaces as they are now.
    func list() throws(Problem) -> [Interface] {
        do {
            return try kernel.interfaces()
        } catch {
            throw Problem(.internal, "the interfaces cannot be listed: \(error)", errno: error.errno.name)
        }
    }

    // MARK: Putting back

    /// Puts back what was, and returns the problem with what came of that.
    private mutating func putBack(_ before: Interface, after problem: Problem) -> Problem {
        var problem = problem
        do throws(Problem) {
            let now = try look(at: before)
            if before.differences(from: now).isEmpty {
                problem.detail += "; nothing was changed"
                return problem
            }
            let refusals = restore(before, from: now)
            let left = before.differences(from: try look(at: before))
            problem.detail +=
                left.isEmpty
                ? "; the old settings are back" + (before.isUp ? ", and it is up" : "")
                : "; could not be put back: " + left.joined(separator: ", ")
                    + (refusals.isEmpty ? "" : " (\(refusals.joined(separator: "; ")))")
        } catch {
            // Gone, or out of sight: that is what the client has to know of first.
            if error.code == .interfaceNotFound { return error }
            problem.detail += "; what had been changed before could not be put back: \(error.detail)"
        }
        return problem
    }

    /// Puts back what can be put back, and returns what the kernel said to the rest. A controller whose timing or modes
    /// are not the old ones stays down: on a bus of another bit rate it would disturb everybody.
    private func restore(_ before: Interface, from now: Interface) -> [String] {
        var refusals: [String] = []
        var mayGoUp = true
        for step in LinkPlan(restoring: before, from: now).steps where mayGoUp || step.change != .up {
            do throws(LinkError) {
                try kernel.apply(step.change, to: before)
            } catch {
                refusals.append("\(error)")
                if case .controller = step.change { mayGoUp = false }
            }
        }
        return refusals
    }
}

extension Interface {
    /// The settings that another state of it has different, by their fields.
    fileprivate func differences(from other: Interface) -> [String] {
        var fields: [String] = []
        if isUp != other.isUp { fields.append("up") }
        if mtu != other.mtu { fields.append("mtu") }
        if transmitQueueLength != other.transmitQueueLength { fields.append("txqueuelen") }
        guard let ours = controller, let theirs = other.controller else { return fields }
        func differs(_ ours: BitTiming?, _ theirs: BitTiming?) -> Bool {
            ours.map { !$0.isSame(as: theirs) } ?? (theirs != nil)
        }
        if differs(ours.bitTiming, theirs.bitTiming) { fields.append("bit_timing") }
        if differs(ours.dataBitTiming, theirs.dataBitTiming) { fields.append("data_bit_timing") }
        if ours.restartDelay != theirs.restartDelay { fields.append("restart_ms") }
        if ours.modes != theirs.modes { fields.append("modes") }
        if ours.termination != theirs.termination { fields.append("termination_ohm") }
        return fields
    }
}
