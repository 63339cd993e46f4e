import Testing

@testable import Gateway

@Suite struct ResponseWaitTests {
    @Test func anyPDUIsTheAnswerWherePendingMeansNothing() {
        var wait = ResponseWait(for: [0x22, 0xF1, 0x90], since: 1000, timeout: 100, longest: nil)
        #expect(wait.deadline == 1100)
        let isAnswer = wait.isAnswer([0x7F, 0x22, 0x78], at: 1050)
        #expect(isAnswer)
        #expect(wait.announced == 0)
    }

    @Test func eachAnnouncementExtendsTheWaitUpToItsEnd() {
        var wait = ResponseWait(for: [0x31, 0x01], since: 1000, timeout: 100, longest: 250)
        #expect(wait.deadline == 1100)
        let isFirst = wait.isAnswer([0x7F, 0x31, 0x78], at: 1090)
        #expect(!isFirst)
        #expect(wait.deadline == 1190)
        let isSecond = wait.isAnswer([0x7F, 0x31, 0x78], at: 1180)
        #expect(!isSecond)
        #expect(wait.deadline == 1250)
        #expect(wait.announced == 2)
        let isLast = wait.isAnswer([0x71, 0x01], at: 1240)
        #expect(isLast)
    }

    @Test(arguments: [[0x7F, 0x31, 0x10], [0x7F, 0x22, 0x78], [0x7F, 0x31], [0x7F, 0x31, 0x78, 0x00]] as [[UInt8]])
    func whatOnlyResemblesAnAnnouncementIsAnAnswer(data: [UInt8]) {
        var wait = ResponseWait(for: [0x31], since: 0, timeout: 100, longest: 1000)
        let isAnswer = wait.isAnswer(data, at: 50)
        #expect(isAnswer)
        #expect(wait.deadline == 100)
    }
}
