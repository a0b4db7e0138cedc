import Glibc
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// The configuration file: what it means, and what is said about one that means nothing.
@Suite struct ConfigurationTests {
    private func peer(_ uid: UInt32, gid: UInt32 = 100, groups: [UInt32] = []) -> Peer {
        Peer(uid: uid, gid: gid, pid: 1, groups: groups)
    }

    @Test func everySettingIsTakenOver() throws {
        let configuration = try Configuration(
            text: """
                # Who may do what
                [access]
                read = 1000, @50
                edit = 1001
                rollback=  1001 ,1002
                confirm = *
                audit =

                ; how much
                [limits]
                clients = 12
                clients-per-user = 3
                message-size = 64K
                batch-size = 16M
                queue-size = 1G
                candidates = 5
                candidate-size = 1M
                pause-timeout = 5s
                stall-timeout = 2m
                [socket]
                group = 7
                mode = 0666
                """)
        let access = configuration.access
        #expect(access.allow(peer(1000), .read))
        #expect(access.allow(peer(5, gid: 50), .read))
        #expect(access.allow(peer(5, groups: [9, 50]), .read))
        #expect(!access.allow(peer(5, groups: [9, 51]), .read))
        #expect(!access.allow(peer(1000), .edit))
        #expect(access.allow(peer(1001), .edit) && !access.allow(peer(1001), .read))
        #expect(access.allow(peer(1002), .rollback) && !access.allow(peer(1002), .edit))
        #expect(access.allow(peer(4_000_000), .confirm))
        #expect(!access.allow(peer(1000), .audit))
        let limits = DaemonLimits(
            clients: 12, clientsPerUser: 3, messageBytes: 65_536, batchBytes: 16 << 20,
            queueBytes: 1 << 30, candidates: 5, candidateBytes: 1 << 20, pauseSeconds: 5,
            stallSeconds: 120)
        #expect(configuration.limits == limits)
        #expect(configuration.limits.readers == 9)
        #expect(configuration.socket == SocketSettings(group: 7, mode: 0o666))
    }

    @Test func rootAndTheOwnerMayEverything() throws {
        let nobody = try Configuration(text: "[access]\nread =\nedit =\n")
        for right in Right.allCases {
            #expect(nobody.access.allow(peer(0), right))
            #expect(nobody.access.allow(peer(geteuid()), right))
            #expect(!nobody.access.allow(peer(4_242), right))
        }
    }

    @Test func withoutAFileOnlyReadingIsGiven() throws {
        let access = AccessRules.standard
        let group = getgrnam("xt2")?.pointee.gr_gid
        for right in Right.allCases {
            let expected = group != nil && (right == .read || right == .audit)
            #expect(access.allow(peer(4_242, groups: group.map { [$0] } ?? []), right) == expected)
            #expect(!access.allow(peer(4_242, gid: 4_242), right))
        }
        #expect(try Configuration(text: "") == Configuration())
    }

    @Test func namesAreLookedUp() throws {
        let configuration = try Configuration(text: "[access]\nedit = nobody, @root\n")
        #expect(configuration.access.allow(peer(65_534), .edit))
        #expect(configuration.access.allow(peer(5, groups: [0]), .edit))
        #expect(!configuration.access.allow(peer(5), .edit))
    }

    @Test(arguments: [
        ("[access]\nreed = root", 2, "'reed' is not a right; there are read, edit"),
        ("read = root", 1, "section"),
        ("\n\n[access", 3, "ends with ']'"),
        ("[acess]\nread = root", 2, "[acess]"),
        ("[access]\nread root", 2, "KEY = VALUE"),
        ("[access]\nread = root\n\nread = 5", 4, "line 2 already"),
        ("[access]\nedit = no-such-user-here", 2, "there is no user 'no-such-user-here'"),
        ("[access]\nedit = @no-such-group", 2, "there is no group 'no-such-group'"),
        ("[access]\nedit = 4294967295", 2, "there is no user"),
        ("[limits]\nclients = 0", 2, "'0' is not a number from 1 to 4096"),
        ("[limits]\nclients = many", 2, "'many' is not a number"),
        ("[limits]\nmessage-size = 2M", 2, "from 16K to 1M"),
        ("[limits]\nbatch-size = 99999999999999999999G", 2, "is not a size"),
        ("[limits]\nbatch-size = 9223372036854775807G", 2, "is not a size"),
        ("[limits]\npause-timeout = 5h", 2, "from 1s to 60m"),
        ("[limits]\nclient = 5", 2, "there are batch-size, candidate-size"),
        ("[socket]\nmode = 0777", 2, "0600, 0660 or 0666"),
        ("[socket]\nowner = root", 2, "group and mode"),
    ])
    func whatIsWrongIsNamedWithItsLine(_ text: String, _ line: Int, _ words: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try Configuration(text: text)
        }
        #expect(error.line == line)
        #expect(error.message.contains(words), "\(error.message)")
        #expect(error.at("/a/b").description.hasPrefix("/a/b:\(line): "))
    }

    @Test func anyTextIsReadOrRefused() {
        var random = SeededGenerator()
        let pieces = [
            "[access]", "[", "]", "read", "=", " ", "\n", "root", "@", "*", ",", "#", "\r", "é",
            "limits", "clients", "9", "\0",
        ]
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...12, using: &random)
            let text = (0..<count).map { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }.joined()
            _ = try? Configuration(text: text)
        }
    }

    @Test func theShippedExampleIsWhatHoldsWithoutIt() throws {
        let root = String(#filePath.dropLast("Tests/xt2dTests/ConfigurationTests.swift".count))
        let shipped = try Configuration(path: root + "packaging/xt2d.conf", optional: false)
        #expect(shipped == Configuration())
        // Its settings are comments; without the marks they are settings.
        let text = try #require(SmallFile.readAll(root + "packaging/xt2d.conf"))
        let uncommented = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.hasPrefix("#") && $0.contains(" =") ? $0.dropFirst() : $0
        }.joined(separator: "\n")
        let settings = try ConfigurationFile(uncommented).settings
        #expect(
            Set(settings.filter { $0.section == "limits" }.map(\.key)) == Set(DaemonLimits.names))
        #expect(
            Set(settings.filter { $0.section == "access" }.map(\.key))
                == Set(Right.allCases.map(\.rawValue)))
        var limits = DaemonLimits()
        for setting in settings where setting.section == "limits" { try limits.take(setting) }
        #expect(limits == DaemonLimits())
    }
}

extension SmallFile {
    /// The whole text of a file.
    fileprivate static func readAll(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }
}
