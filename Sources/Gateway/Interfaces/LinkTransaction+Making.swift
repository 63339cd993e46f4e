internal import HTTP
internal import Linux
internal import SocketCAN

extension LinkTransaction {
    /// Makes a virtual interface, and returns it.
    /// - Throws: ``Problem``; nothing is left of it then.
    mutating func make(_ wanted: NewInterface) throws(Problem) -> Interface {
        try checkFree(wanted)
        do {
            try kernel.make(wanted.link)
        } catch {
            // Someone may have been faster with one of the names.
            if error.errno == .exists { try checkFree(wanted) }
            throw Problem(error, field: error.errno == .operationNotSupported ? "kind" : wanted.link.fieldAtFault)
        }
        do throws(Problem) {
            return try complete(wanted)
        } catch {
            throw undo(wanted.link, after: error)
        }
    }

    /// Removes a virtual interface.
    /// - Throws: ``Problem``: `invalid-interface-setting` for one of hardware.
    mutating func remove(_ known: Interface) throws(Problem) {
        let interface = try look(at: known)
        guard interface.kind.isMadeHere else {
            throw .invalidSetting(
                "'\(interface.name)' is of the kind \(interface.kind.rawValue); only virtual interfaces can be removed",
                field: "kind", allowed: Interface.Kind.allCases.filter(\.isMadeHere).map(\.rawValue))
        }
        do {
            try kernel.remove(index: interface.index, named: interface.name)
        } catch {
            throw Problem(error, field: nil)
        }
    }

    private func checkFree(_ wanted: NewInterface) throws(Problem) {
        for (field, name) in wanted.link.names where kernel.index(of: name) != nil {
            throw Problem(
                .interfaceExists, "there is a network interface '\(name)' already", errno: "EEXIST", field: field)
        }
    }

    /// Switches on what was made, both ends of it: an end of a cable goes up only when the other is there.
    private mutating func complete(_ wanted: NewInterface) throws(Problem) -> Interface {
        let made = try list()
        var first: Interface?
        for (_, name) in wanted.link.names {
            guard let interface = made.first(where: { $0.name == name }) else { throw .gone(name) }
            if wanted.isUp {
                do {
                    try kernel.apply(.up, to: interface)
                } catch {
                    throw Problem(error, field: "up")
                }
            }
            first = first ?? interface
        }
        guard let first else { throw .gone(wanted.link.name) }
        return try look(at: first)
    }

    private func undo(_ link: NewLink, after problem: Problem) -> Problem {
        guard let index = kernel.index(of: link.name) else { return problem }
        var problem = problem
        do {
            try kernel.remove(index: index, named: link.name)
            problem.detail += "; what was made is removed again"
        } catch {
            problem.detail += "; '\(link.name)' was made, and could not be removed again: \(error)"
        }
        return problem
    }
}

extension Interface.Kind {
    /// Whether interfaces of this kind are made and removed by programs.
    fileprivate var isMadeHere: Bool { self == .vcan || self == .vxcan }
}

extension NewLink {
    /// The names that it takes, by the fields that they come in.
    fileprivate var names: [(field: String, name: String)] {
        switch kind {
        case .vcan: [("name", name)]
        case .vxcan(let peer): [("name", name), ("peer", peer)]
        }
    }

    /// What the kernel refuses, if it refuses something: the names were checked, older kernels have no CAN XL.
    fileprivate var fieldAtFault: String { mtu.map { $0 > 72 } == true ? "mtu" : "name" }
}
