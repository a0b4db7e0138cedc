import TestSupport

extension Daemon {
    /// Starts the built `xt2` in the daemon's namespace.
    func startTool(
        _ words: [String], input: String = "", environment: [String: String] = [:],
        prefix: [String] = []
    ) throws -> ChildProcess {
        let command = prefix + [try BuiltProgram.path("xt2")] + words
        let socket = socketPath
        return try namespace.run {
            try ChildProcess(
                command[0], Array(command.dropFirst()), input: input,
                environment: ["XT2_SOCKET": socket, "TZ": "UTC", "NO_COLOR": ""]
                    .merging(environment) { $1 })
        }
    }

    /// Runs the built `xt2` with the words of a line, cut at spaces, and all that comes of it.
    func tool(
        _ line: String, input: String = "", environment: [String: String] = [:],
        prefix: [String] = []
    ) throws -> CommandResult {
        try startTool(
            line.split(separator: " ").map(String.init), input: input, environment: environment,
            prefix: prefix
        ).wait()
    }

    /// Runs the built `xt2`, which must succeed, and returns what it printed.
    @discardableResult
    func xt2(
        _ line: String, input: String = "", environment: [String: String] = [:]
    ) throws -> String {
        let result = try tool(line, input: input, environment: environment)
        guard result.status == 0 else {
            throw CommandFailure("xt2 \(line): exit status \(result.status): \(result.errors)")
        }
        return result.output
    }
}
