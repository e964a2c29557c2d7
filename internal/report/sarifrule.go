package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// sarifLevel maps severities to the three levels that SARIF has.
func sarifLevel(s inventory.Severity) string {
	switch s {
	case inventory.SeverityCritical, inventory.SeverityHigh:
		return "error"
	case inventory.SeverityMedium:
		return "warning"
	case inventory.SeverityLow, inventory.SeverityInfo:
		return "note"
	default:
		return "none"
	}
}

// securitySeverity maps severities to the middle of the bands that GitHub
// shows: critical above 9.0, high from 7.0, medium from 4.0, low above 0.0.
func securitySeverity(s inventory.Severity) string {
	switch s {
	case inventory.SeverityCritical:
		return "9.5"
	case inventory.SeverityHigh:
		return "8.0"
	case inventory.SeverityMedium:
		return "5.5"
	case inventory.SeverityLow:
		return "2.5"
	case inventory.SeverityInfo:
		return "0.5"
	default:
		return "0.1"
	}
}

// descriptor makes the description of a rule for one profile.
func descriptor(rule findings.Rule, p sarifProfile) sarifRule {
	why := plain(cmp.Or(rule.Why, rule.Title))
	return sarifRule{
		ID: rule.ID, Name: pascal(rule.Title),
		ShortDescription: &sarifText{Text: truncate(sentence(rule.Title), p.MaxText)},
		FullDescription:  &sarifText{Text: truncate(sentence(why), p.MaxText)},
		Help:             &sarifText{Text: plain(helpText(rule)), Markdown: helpText(rule)},
		Default:          &sarifConfiguration{Level: sarifLevel(rule.Severity)},
		Properties: &sarifRuleProperties{
			Tags: tags(rule, p), Precision: "high", SecuritySeverity: securitySeverity(rule.Severity),
			Controls: rule.Controls,
		},
	}
}

// tags lists what consumers file a rule under, the most telling first.
func tags(rule findings.Rule, p sarifProfile) []string {
	list := []string{"security"}
	if rule.Category == "exposure" && rule.For == inventory.KindCredential {
		list = append(list, p.Secrets)
	}
	list = append(list, "non-human-identity")
	if rule.Category != "" {
		list = append(list, rule.Category)
	}
	for _, framework := range []string{"owasp_nhi_2025", "iso27001_2022", "soc2"} {
		for _, id := range rule.Controls[framework] {
			list = append(list, framework+"/"+id)
		}
	}
	if p.MaxTags > 0 && len(list) > p.MaxTags {
		list = list[:p.MaxTags]
	}
	return list
}

// helpText is the page of a rule in Markdown: why, fix, verify, controls.
func helpText(rule findings.Rule) string {
	var b strings.Builder
	b.WriteString("# " + rule.ID + ": " + rule.Title + "\n\n" + strings.TrimSpace(cmp.Or(rule.Why, sentence(rule.Title))) + "\n")
	for _, fix := range rule.Fix {
		b.WriteString("\n## Fix (" + fix.Platform + ")\n\n" + strings.TrimSpace(fix.Steps) + "\n")
	}
	if rule.Verify != "" {
		b.WriteString("\n## Verify\n\n" + strings.TrimSpace(rule.Verify) + "\n")
	}
	if len(rule.Controls) > 0 {
		b.WriteString("\n## Controls\n\n")
		for _, framework := range slices.SortedFunc(maps.Keys(rule.Controls), compareFrameworks) {
			b.WriteString("- " + frameworkTitle(framework) + ": " + strings.Join(rule.Controls[framework], ", ") + "\n")
		}
	}
	return b.String()
}

// plain drops the marks of Markdown that only disturb a reader of plain text.
func plain(markdown string) string {
	var out []string
	for line := range strings.Lines(markdown) {
		line = strings.TrimRight(line, " \r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			continue
		}
		line = strings.TrimLeft(line, "#")
		out = append(out, strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(line, "**", ""), "`", "")))
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?:") {
		return s
	}
	return s + "."
}

// pascal makes the name of a rule from its title, as SARIF wants it: without
// articles, each word with one capital.
func pascal(title string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(title, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		lower := []rune(strings.ToLower(word))
		if text := string(lower); text == "a" || text == "an" || text == "the" {
			continue
		}
		lower[0] = unicode.ToUpper(lower[0])
		b.WriteString(string(lower))
	}
	return truncate(b.String(), 100)
}
