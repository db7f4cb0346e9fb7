internal import ChildProcess
internal import Foundation
internal import Testing

/// `pygmy cache` on the front ends of a running store.
@Suite(.serialized)
struct CacheCommandTests {
    private func lookUp(_ items: [Int], _ store: Cluster) throws {
        for server in ["frontEndServer1", "frontEndServer2"] {
            for item in items {
                try eventually("a hit of \(item) at \(server)") {
                    try store.request("GET", "/lookup/\(item)", server: server)
                        .header("X-Cache") == "HIT"
                }
            }
        }
    }

    @Test(.cluster(.pair))
    func `Keys are listed, shown, deleted and cleared on every front end, or on one`() throws {
        let store = Cluster.current
        try lookUp([1, 2, 3], store)
        let list = try store.pygmy("cache", "list").output
        #expect(list.contains("lookup/1") && list.contains("frontEndServer2"), "\(list)")
        let get = try store.pygmy("cache", "get", "lookup/2", "--server", "frontEndServer1")
        #expect(get.output.contains("RPCs for Dummies"))
        let deleted = try store.pygmy("cache", "delete", "lookup/2", "--server", "frontEndServer1")
        #expect(deleted.output == "frontEndServer1: dropped 1\n")
        #expect(
            try store.pygmy("cache", "get", "2", "--server", "frontEndServer1").status == .exited(1)
        )
        #expect(
            try store.pygmy("cache", "get", "2", "--server", "frontEndServer2").status == .exited(0)
        )
        let cleared = try store.pygmy("cache", "clear", "--prefix", "lookup/1")
        #expect(cleared.output == "frontEndServer1: dropped 1\nfrontEndServer2: dropped 1\n")
        #expect(try store.pygmy("cache", "clear").status == .exited(0))
        let empty = try store.pygmy("cache", "list").output
        #expect(!empty.contains("lookup/"))
        #expect(try store.get("/lookup/1").status == 200)
    }

    @Test(.cluster(.pair))
    func `The cache is the cluster's alone to look into`() throws {
        let store = Cluster.current
        for target in ["/cache", "/cache/1"] {
            #expect(try store.request("GET", target, server: "frontEndServer1").status == 401)
            #expect(try store.request("DELETE", target, server: "frontEndServer1").status == 401)
            #expect(try store.administer("GET", target).status == 404)
        }
    }
}
