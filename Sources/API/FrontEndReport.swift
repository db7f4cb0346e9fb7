/// What a front end says of the cluster in its heartbeats, and what the servers that hear it pass
/// on to the other front ends.
///
/// It travels as the query of `PUT /heartbeat`
/// (`?reaches=catalogServer1,orderServer2&catalogView=3&ordersView=5`) and, with the name and the
/// age of each, as the header ``headerName`` of the answer (`frontEndServer1 120 3 5 catalogServer1
/// orderServer2; frontEndServer2 …`).
public struct FrontEndReport: Sendable, Equatable {
    /// The header by which a server passes on what it was told.
    public static let headerName = "X-Front-Ends"

    /// The front end.
    public var name: String
    /// The catalog and order servers that answer it.
    public var reaches: [String]
    /// The number of the catalog's newest view that it knows; 0 for none.
    public var catalogView: UInt64
    /// The number of the orders' newest view that it knows; 0 for none.
    public var ordersView: UInt64
    /// How long ago it said so, in milliseconds.
    public var age: Int64

    /// Makes a report.
    public init(
        name: String, reaches: [String], catalogView: UInt64, ordersView: UInt64, age: Int64 = 0
    ) {
        self.name = name
        self.reaches = reaches
        self.catalogView = catalogView
        self.ordersView = ordersView
        self.age = age
    }

    /// Reads the query of a heartbeat; nil where it says nothing of the kind.
    public init?(from name: String, query: [(name: String, value: String)]) {
        func value(_ name: String) -> String? { query.last { $0.name == name }?.value }
        guard let reaches = value("reaches") else { return nil }
        self.init(
            name: name, reaches: reaches.split(separator: ",").map(String.init),
            catalogView: value("catalogView").flatMap { UInt64($0) } ?? 0,
            ordersView: value("ordersView").flatMap { UInt64($0) } ?? 0)
    }

    /// The query of a heartbeat, without the question mark.
    public var query: String {
        "reaches=\(reaches.joined(separator: ","))&catalogView=\(catalogView)"
            + "&ordersView=\(ordersView)"
    }

    /// The value of the header that passes reports on.
    public static func header(_ reports: [FrontEndReport]) -> String {
        reports.map { report in
            (["\(report.name)", "\(report.age)", "\(report.catalogView)", "\(report.ordersView)"]
                + report.reaches).joined(separator: " ")
        }.joined(separator: "; ")
    }

    /// Reads the value of such a header; what cannot be read is left out.
    public static func reports(header: String) -> [FrontEndReport] {
        header.split(separator: ";").compactMap { part in
            let words = part.split(separator: " ").map(String.init)
            guard words.count >= 4, let age = Int64(words[1]), age >= 0,
                let catalogView = UInt64(words[2]), let ordersView = UInt64(words[3])
            else { return nil }
            return FrontEndReport(
                name: words[0], reaches: Array(words[4...]), catalogView: catalogView,
                ordersView: ordersView, age: age)
        }
    }
}
