internal import ChildProcess
internal import Foundation
internal import Testing

/// Buying: what is answered, and the orders that come of it.
@Suite(.cluster(.pair), .serialized)
struct BuyTests {
    let store = Cluster.current

    @Test func `A buy is 201 with the order and where to find it`() throws {
        let answer = try store.buy(2, key: "first")
        #expect(answer.status == 201)
        let number = try #require(answer.json["orderNumber"] as? Int)
        #expect(answer.header("Location")?.hasSuffix("/orders/\(number)") == true)
        #expect(
            answer.text.trimmed
                == #"{"orderNumber":\#(number),"itemNumber":2,"title":"RPCs for Dummies","#
                + #""topic":"DistributedSystems","cost":15.00,"idempotencyKey":"first"}"#)

        let order = try store.get("/orders/\(number)")
        #expect(order.status == 200)
        #expect(order.json["orderNumber"] as? Int == number)
        #expect(order.json["itemNumber"] as? Int == 2)
        #expect(order.json["title"] as? String == "RPCs for Dummies")
        #expect(order.json["topic"] as? String == "DistributedSystems")
        #expect(order.text.contains("15.00"))
    }

    @Test func `Several copies are one order, all of them or none`() throws {
        let stock = try store.stock(of: 4)
        let answer = try store.buy(4, quantity: 3, key: "three")
        #expect(answer.status == 201)
        let number = try #require(answer.json["orderNumber"] as? Int)
        #expect(
            answer.text.trimmed
                == #"{"orderNumber":\#(number),"itemNumber":4,"title":"Cooking for the Impatient "#
                + #"Graduate Student","topic":"GraduateSchool","cost":12.00,"quantity":3,"#
                + #""idempotencyKey":"three"}"#)
        #expect(try store.get("/orders/\(number)").text.trimmed == answer.text.trimmed)
        #expect(try store.stock(of: 4) == stock - 3)

        // The key is for three copies of this book, and no other number.
        let repeated = try store.buy(4, quantity: 3, key: "three")
        #expect(repeated.status == 200)
        #expect(repeated.text.trimmed == answer.text.trimmed)
        for quantity in [1, 2, 4] {
            let reused = try store.buy(4, quantity: quantity, key: "three")
            expectProblem(reused, 422)
            #expect(reused.text.contains("3 copies of book 4"), "\(reused.text)")
        }

        // More than there are: none at all, and that for good.
        let refused = try store.buy(4, quantity: stock, key: "too many")
        expectProblem(refused, 409)
        #expect(refused.json["quantity"] as? Int == stock)
        #expect(try store.stock(of: 4) == stock - 3)
        expectProblem(try store.buy(4, quantity: stock, key: "too many"), 409)
        expectProblem(try store.buy(4, key: "too many"), 422)

        #expect(try store.get("/buy/4?quantity=2").json["quantity"] as? Int == 2)
        #expect(try store.stock(of: 4) == stock - 5)
        for quantity in ["0", "1001", "many", "", "1&quantity=2"] {
            expectProblem(try store.request("POST", "/buy/4?quantity=\(quantity)", body: ""), 400)
        }
        #expect(try store.stock(of: 4) == stock - 5)
    }

    @Test func `GET buys as the seed has it, with 200, and is never stored`() throws {
        let stock = try store.stock(of: 5)
        let answer = try store.get("/buy/5")
        #expect(answer.status == 200)
        #expect(answer.header("Cache-Control")?.contains("no-store") == true)
        #expect(answer.json["title"] as? String == "How to finish Project 3 on time")
        #expect(try store.stock(of: 5) == stock - 1)
    }

    @Test func `HEAD of a buy buys nothing`() throws {
        let stock = try store.stock(of: 5)
        let answer = try store.request("HEAD", "/buy/5")
        #expect(answer.status == 405)
        #expect(answer.header("Allow") == "GET, POST, OPTIONS")
        #expect(try store.stock(of: 5) == stock)
    }

    @Test func `Without a key every buy is one of its own, under nginx's request id`() throws {
        let first = try store.buy(6)
        let second = try store.buy(6)
        #expect(first.status == 201)
        #expect(second.status == 201)
        #expect(first.json["orderNumber"] as? Int != second.json["orderNumber"] as? Int)
        #expect(first.json["idempotencyKey"] as? String == first.header("X-Request-ID"))
    }

    @Test func `Orders are numbered 1, 2, 3 … however many clients buy at once`() throws {
        let before = try Audit(of: store).orders.count
        let purchases = BuyLoad(
            on: store, clients: 10, items: [1, 4, 6], name: "numbers", limit: 5
        ).finish()
        #expect(purchases.count == 50)
        #expect(purchases.allSatisfy { $0.orderNumber != nil })
        let numbers = purchases.compactMap(\.orderNumber).sorted()
        #expect(numbers == Array(before + 1...before + 50))
        let all = try Audit(of: store).orders.map(\.number)
        #expect(all == Array(1...before + 50))
    }

    @Test func `The last copy is sold once, then it is 409`() throws {
        // Book 3 has 30 copies; 40 are asked for.
        let purchases = BuyLoad(on: store, clients: 8, items: [3], name: "last", limit: 5).finish()
        #expect(purchases.filter { $0.orderNumber != nil }.count == 30)
        let refused = purchases.filter(\.isRefused)
        #expect(refused.count == 10)
        if let answer = refused.first?.answer {
            expectProblem(answer, 409)
            #expect(answer.json["itemNumber"] as? Int == 3)
        }
        #expect(try store.stock(of: 3) == 0)
        #expect(try store.get("/lookup/3").status == 200)
    }

    @Test func `A book that is not there cannot be bought`() throws {
        let answer = try store.buy(99, key: "of no book")
        expectProblem(answer, 404)
        #expect(answer.json["itemNumber"] as? Int == 99)
        #expect(answer.json["idempotencyKey"] as? String == "of no book")
    }

    @Test func `An order that is not there is 404`() throws {
        expectProblem(try store.get("/orders/999999"), 404)
    }
}

/// A book that is out of stock is filled up again.
@Suite(
    .cluster(
        .single.with {
            $0.settings["restockInterval"] = .number(0.5)
            $0.settings["maximumStock"] = .number(9)
            $0.catalog = ClusterPlan.catalog(stock: 1)
        }))
struct RestockTests {
    @Test func `A book out of stock is filled up to the maximum, and the audit knows of it`() throws
    {
        let store = Cluster.current
        #expect(try store.buy(7).status == 201)
        try eventually("the restock") { try store.stock(of: 7) == 9 }
        // What is not out of stock is left as it is.
        #expect(try store.stock(of: 6) == 1)
        #expect(try store.buy(7).status == 201)
        #expect(try store.stock(of: 7) == 8)
        let status = try store.pygmy("status", "--audit", "--config", "config.json")
        #expect(status.status == .exited(0), "\(status.output)\(status.errors)")
    }
}
