/// The folder of the checkout, from where this file was compiled.
public let checkout = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
