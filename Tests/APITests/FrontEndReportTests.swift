import API
import Testing

@Suite("What front ends say in heartbeats")
struct FrontEndReportTests {
    private let report = FrontEndReport(
        name: "frontEndServer1", reaches: ["catalogServer1", "orderServer2"], catalogView: 3,
        ordersView: 0)

    @Test("A query says it, and is read again")
    func query() {
        #expect(report.query == "reaches=catalogServer1,orderServer2&catalogView=3&ordersView=0")
        let query = report.query.split(separator: "&").map { part in
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            return (name: String(sides[0]), value: String(sides[1]))
        }
        #expect(FrontEndReport(from: "frontEndServer1", query: query) == report)
        #expect(FrontEndReport(from: "frontEndServer1", query: []) == nil)
        let odd = FrontEndReport(
            from: "x", query: [("reaches", ",,a,"), ("catalogView", "-1"), ("ordersView", "")])
        #expect(odd == FrontEndReport(name: "x", reaches: ["a"], catalogView: 0, ordersView: 0))
    }

    @Test("A header passes several on, and what cannot be read in it is left out")
    func header() {
        var other = FrontEndReport(
            name: "frontEndServer2", reaches: [], catalogView: 0, ordersView: .max)
        other.age = 120
        let header = FrontEndReport.header([report, other])
        #expect(
            header == "frontEndServer1 0 3 0 catalogServer1 orderServer2; "
                + "frontEndServer2 120 0 18446744073709551615")
        #expect(FrontEndReport.reports(header: header) == [report, other])
        #expect(FrontEndReport.reports(header: "") == [])
        #expect(FrontEndReport.reports(header: ";;x; a b c d; a -1 0 0; a 1 2") == [])
        #expect(FrontEndReport.reports(header: "rubbish; " + header) == [report, other])
    }
}
