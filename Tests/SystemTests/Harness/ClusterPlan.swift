internal import Foundation

/// What a test wants its cluster to be.
struct ClusterPlan: Sendable {
    /// A value in `config.json`'s settings.
    enum Setting: Sendable {
        case number(Double)
        case text(String)

        var json: Any {
            switch self {
            case .number(let number): number == number.rounded() ? Int(number) as Any : number
            case .text(let text): text
            }
        }
    }

    /// How many servers there are of each kind.
    var frontEnds = 2
    var catalogs = 2
    var orders = 2
    /// The catalog to begin with.
    var catalog = ClusterPlan.seedCatalog
    /// Settings beside the listening address and the folders. Restocking is off unless it is asked
    /// for, so that stock + sales stays what it was.
    var settings: [String: Setting] = ["restockInterval": .number(3600)]
    /// The name of the cluster's folder, inside a folder of its own.
    var folder = "store"
    /// The user to run as, where the tests run as root.
    var user: String?

    /// Whether `pygmy up` starts again what dies.
    var restarts = true
    /// Whether the environment holds the secrets; otherwise the cluster makes its own.
    var hasSecrets = true
    /// Whether `config.json` spells its servers as the original system did.
    var hasOriginalNames = false

    /// Two of each kind, the seven books of the seed.
    static let pair = ClusterPlan()
    /// One of each kind.
    static let single = ClusterPlan(frontEnds: 1, catalogs: 1, orders: 1)
    /// Two front ends before one catalog and one order server.
    static let twoFrontEnds = ClusterPlan(frontEnds: 2, catalogs: 1, orders: 1)

    func with(_ change: (inout ClusterPlan) -> Void) -> ClusterPlan {
        var plan = self
        change(&plan)
        return plan
    }

    /// Seven books with so much stock that a load does not run out of it.
    func withLargeStock() -> ClusterPlan {
        with { $0.catalog = ClusterPlan.catalog(stock: 1_000_000) }
    }

    var serverNames: [String] {
        (1...frontEnds).map { "frontEndServer\($0)" } + (1...catalogs).map { "catalogServer\($0)" }
            + (1...orders).map { "orderServer\($0)" }
    }

    /// A server's name as `config.json` has it. The original wrote `FrontEndServer` for the first.
    func spelling(of name: String) -> String {
        guard hasOriginalNames else { return name }
        let name = name.prefix(1).uppercased() + name.dropFirst()
        return name == "FrontEndServer1" ? "FrontEndServer" : name
    }

    static let seedCatalog = """
        ItemNumber,Title,Topic,Cost,Stock
        1,How to get a good grade in 677 in 20 minutes a day,DistributedSystems,10,46
        2,RPCs for Dummies,DistributedSystems,15,21
        3,Xen and the Art of Surviving Graduate School,GraduateSchool,5,30
        4,Cooking for the Impatient Graduate Student,GraduateSchool,12,28
        5,How to finish Project 3 on time,DistributedSystems,25,40
        6,Why theory classes are so hard,GraduateSchool,75,46
        7,Spring in the Pioneer Valley,Misc,215,46

        """

    /// The seed's books, each with this stock.
    static func catalog(stock: Int) -> String {
        let lines = seedCatalog.split(separator: "\n")
        let books = lines.dropFirst().map { line in
            line[...(line.lastIndex(of: ",") ?? line.startIndex)] + "\(stock)"
        }
        return ([String(lines[0])] + books.map(String.init)).joined(separator: "\n") + "\n"
    }
}
