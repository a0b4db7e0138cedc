import Foundation
import NetlinkProto
import RuleSyntax
import Testing

@Suite struct SmokeTests {
    @Test func smoke() throws {
        let text = try String(contentsOfFile: "/tmp/sx/lines.txt", encoding: .utf8)
        for family in [Family.ip, .inet] {
            for line in text.split(separator: "\n") {
                do {
                    let rule = try RuleText.parse(line: String(line), context: RuleContext(family: family))
                    let printed = RuleText.print(rule.body, family: family)
                    let same = try RuleText.parse(line: printed, context: RuleContext(family: family)) == rule
                    print("\(family.name)\(same ? "" : " DIFF") \(line)  =>  \(printed)")
                } catch {
                    print("\(family.name) \(line)  !! \(error)")
                }
            }
        }
    }
}
