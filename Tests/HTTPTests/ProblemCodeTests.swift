import HTTP
import Testing

@Suite struct ProblemCodeTests {
    /// The whole table: what clients read, and the status that goes with it.
    static let table: [(code: String, status: Int)] = [
        ("malformed-request", 400), ("origin-refused", 403), ("permission-denied", 403), ("not-found", 404),
        ("interface-not-found", 404), ("job-not-found", 404), ("watch-not-found", 404),
        ("method-not-allowed", 405), ("not-acceptable", 406),
        ("interface-down", 409), ("interface-exists", 409), ("interface-busy", 409), ("job-exists", 409),
        ("history-lost", 410), ("body-too-large", 413), ("unsupported-media-type", 415),
        ("invalid-frame", 422), ("invalid-filter", 422), ("invalid-job", 422), ("invalid-watch", 422),
        ("invalid-interface-setting", 422), ("invalid-isotp", 422),
        ("not-a-can-interface", 422),
        ("upgrade-required", 426), ("too-many-requests", 429), ("too-many-streams", 429), ("internal", 500),
        ("not-supported", 501), ("transmit-queue-full", 503), ("shutting-down", 503), ("transmit-unconfirmed", 504),
        ("isotp-error", 502), ("isotp-timeout", 504),
    ]

    @Test(arguments: table)
    func eachCodeHasItsStatus(code: String, status: Int) throws {
        let entry = try #require(ProblemCode(rawValue: code))
        #expect(entry.status.code == status)
    }

    @Test func thereAreNoOtherCodes() {
        #expect(Set(ProblemCode.allCases.map(\.rawValue)) == Set(Self.table.map(\.code)))
    }

    @Test(arguments: ProblemCode.allCases)
    func eachCodeIsAnErrorWithATitleAndAdvice(code: ProblemCode) {
        #expect((400...599).contains(code.status.code))
        #expect(code.rawValue.allSatisfy { $0.isLowercase || $0 == "-" })
        #expect(code.title.first?.isUppercase == true)
        #expect(code.title.count > 5 && !code.title.contains("\n") && code.title.last != ".")
        #expect(code.advice.count > 20)
        #expect(code.advice.last == ".")
        #expect(code.title != code.advice)
    }

    @Test func titlesTellTheCodesApart() {
        #expect(Set(ProblemCode.allCases.map(\.title)).count == ProblemCode.allCases.count)
        #expect(Set(ProblemCode.allCases.map(\.advice)).count == ProblemCode.allCases.count)
    }

    @Test func aProblemCarriesWhatItWasGiven() {
        let problem = Problem(
            .transmitQueueFull, "detail", errno: "ENOBUFS", index: 2, sent: 5, field: "frames", allowed: ["a"],
            needs: "CAP_NET_ADMIN", headers: ["Retry-After": "1"])
        #expect(problem.code == .transmitQueueFull && problem.detail == "detail" && problem.errno == "ENOBUFS")
        #expect(problem.index == 2 && problem.sent == 5 && problem.field == "frames" && problem.allowed == ["a"])
        #expect(problem.needs == "CAP_NET_ADMIN" && problem.headers["Retry-After"] == "1")
        #expect(Problem(.notFound, "x").headers == Headers())
    }
}
