import API
import Testing

@Suite struct `Where servers listen` {
    @Test func `A report is written with escapes, and read without them`() {
        let report = AddressReport([
            ("orderServer3", Address(host: "10.0.0.3", port: 8086)),
            ("frontEndServer2", Address(host: "::1", port: 8082)),
            ("catalogServer1", Address(host: "shop.example", port: 8083)),
        ])
        #expect(
            report.query == "at=catalogServer1%3Dshop.example%3A8083"
                + "&at=frontEndServer2%3D%5B%3A%3A1%5D%3A8082&at=orderServer3%3D10.0.0.3%3A8086")
        let read = AddressReport(query: [
            ("at", "catalogServer1=shop.example:8083"), ("at", "frontEndServer2=[::1]:8082"),
            ("at", "orderServer3=10.0.0.3:8086"),
        ])
        #expect(
            read.addresses.map { "\($0.name) \($0.address)" } == [
                "catalogServer1 shop.example:8083", "frontEndServer2 [::1]:8082",
                "orderServer3 10.0.0.3:8086",
            ])
    }

    @Test func `What cannot be read is left out`() {
        let read = AddressReport(query: [
            ("at", "catalogServer1"), ("at", "nobody=10.0.0.1:1"), ("at", "orderServer1=10.0.0.1"),
            ("at", "orderServer1=10.0.0.1:70000"), ("reaches", "catalogServer1=10.0.0.1:1"),
            ("at", "catalogServer2=10.0.0.2:8084"),
        ])
        #expect(read.addresses.map(\.name) == ["catalogServer2"])
    }
}
