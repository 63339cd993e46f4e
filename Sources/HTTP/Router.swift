/// Finds what serves a path and a method.
public struct Router<Action> {
    /// What a look-up finds.
    public enum Match {
        /// What serves it, and the decoded segments that stand for the pattern's names.
        case found(Action, parameters: [String: String])
        /// The path exists, but not this method; those that do are listed, HEAD and OPTIONS among them.
        case otherMethods([Method])
        /// There is no such path.
        case notFound
    }

    private struct Route {
        var pattern: [Substring]
        var actions: [Method: Action]
    }

    private var routes: [Route] = []

    /// An empty router.
    public init() {}

    /// Adds an action for a method and a pattern: `/v1/interfaces/{name}`, where a name in braces stands for one
    /// segment. GET serves HEAD too.
    public mutating func add(_ method: Method, _ pattern: String, _ action: Action) {
        let segments = Self.segments(pattern)
        if let index = routes.firstIndex(where: { $0.pattern == segments }) {
            routes[index].actions[method] = action
        } else {
            routes.append(Route(pattern: segments, actions: [method: action]))
        }
    }

    /// Finds what serves a path, given by its decoded segments.
    public func match(_ method: String, _ path: [String]) -> Match {
        for route in routes {
            guard let parameters = Self.parameters(of: path, in: route.pattern) else { continue }
            let wanted = method == Method.head.rawValue ? .get : Method(rawValue: method)
            if let wanted, let action = route.actions[wanted] { return .found(action, parameters: parameters) }
            return .otherMethods(Self.allowed(route.actions.keys))
        }
        return .notFound
    }

    private static func allowed(_ methods: some Sequence<Method>) -> [Method] {
        let served = Set(methods)
        return Method.allCases.filter {
            served.contains($0) || $0 == .options || ($0 == .head && served.contains(.get))
        }
    }

    private static func segments(_ pattern: String) -> [Substring] {
        pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    private static func parameters(of path: [String], in pattern: [Substring]) -> [String: String]? {
        guard path.count == pattern.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, expected) in zip(path, pattern) {
            if expected.first == "{" {
                parameters[String(expected.dropFirst().dropLast())] = segment
            } else if segment != expected {
                return nil
            }
        }
        return parameters
    }
}
