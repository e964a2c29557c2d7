package findings

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A checkedRule is what the loader learned of a rule beside its text.
type checkedRule struct {
	applies, when *expression
	message       *expression
	raise         []*expression
	lines         map[string]int // of fields, "controls/<framework>/<id>" among them
}

// optional are the facts that its conditions read and that may be unknown.
func (c *checkedRule) optional() []string {
	var out []string
	for _, x := range []*expression{c.applies, c.when} {
		if x != nil {
			out = append(out, x.optional...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const (
	proofAbsence  = "absence"
	proofPresence = "presence"
)

var ruleID = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,9}-[A-Z]{3}-[0-9]{3}$`)

// families are the categories by the letters in a rule id.
func families() map[string]string {
	return map[string]string{
		"ROT": "rotation", "LIF": "lifecycle", "OWN": "ownership", "PRV": "least-privilege",
		"EXP": "exposure", "FED": "federation", "TPA": "third-party", "AGT": "ai-agent",
	}
}

// Severities returns the severities, worst first.
func Severities() []inventory.Severity {
	return []inventory.Severity{
		inventory.SeverityCritical, inventory.SeverityHigh, inventory.SeverityMedium,
		inventory.SeverityLow, inventory.SeverityInfo,
	}
}

func platforms() []string {
	return []string{"aws cli", "terraform", "kubectl", "gcloud", "az", "github", "gitlab", "git", "any"}
}

func ruleFields() []string {
	return []string{
		"id", "title", "category", "for", "types", "severity", "raise", "needs", "proof", "applies", "when", "message",
		"why", "fix", "verify", "controls", "source", "tests",
	}
}

// A ruleReader reads one rule file.
type ruleReader struct {
	*document
	lang    *language
	trusted bool // see LoadTrusted
	rule    Rule
}

// parseRule reads one rule. It reports false if it found a mistake.
func parseRule(lang *language, trusted bool, file string, text []byte, found *problems) (Rule, bool) {
	before := len(found.list)
	if trusted {
		text = withoutTests(text)
	}
	d := parseDocument(file, text, found)
	if d == nil {
		return Rule{}, false
	}
	r := &ruleReader{document: d, lang: lang, trusted: trusted}
	r.rule.File = file
	r.rule.checked = &checkedRule{lines: map[string]int{}}
	e := r.mapping(d.root, "rule", ruleFields())
	if e == nil {
		return Rule{}, false
	}
	for _, k := range keys(d.root) {
		r.rule.checked.lines[k.Value] = k.Line
	}
	r.readIdentity(e)
	r.readJudgement(e)
	r.readTexts(e)
	r.readControls(e["controls"])
	if !trusted {
		r.readTests(e["tests"])
	}
	return r.rule, len(found.list) == before
}

// withoutTests cuts off the tests of a rule, which are half of its text, if
// they come last: no line after them begins with the letter of a field.
func withoutTests(text []byte) []byte {
	head, tail, ok := bytes.Cut(text, []byte("\ntests:"))
	for line := range bytes.Lines(tail) {
		ok = ok && (line[0] < 'a' || line[0] > 'z')
	}
	if !ok {
		return text
	}
	return append(slices.Clip(head), '\n')
}

// readIdentity reads what the rule is and whom it is for.
func (r *ruleReader) readIdentity(e entries) {
	rule := &r.rule
	rule.ID = r.required(r.root, e, "id", "rule")
	if rule.ID != "" && !ruleID.MatchString(rule.ID) {
		r.addf(e["id"], "id: %q is no rule id; want the form NHI-ROT-001", rule.ID)
	}
	rule.Title = r.required(r.root, e, "title", "rule")
	if strings.HasSuffix(rule.Title, ".") || strings.Contains(rule.Title, "\n") {
		r.addf(e["title"], "title: want one line without a full stop")
	}
	r.required(r.root, e, "category", "rule")
	var categories []string
	for _, c := range families() {
		categories = append(categories, c)
	}
	slices.Sort(categories)
	rule.Category = r.oneOf(e["category"], "category", categories)
	if parts := strings.Split(rule.ID, "-"); len(parts) == 3 && rule.Category != "" && families()[parts[1]] != rule.Category {
		r.addf(e["category"], "category: %s does not go with the id %s", rule.Category, rule.ID)
	}
	r.required(r.root, e, "for", "rule")
	rule.For = inventory.Kind(r.oneOf(e["for"], "for", kindNames(subjectKinds())))
	for _, n := range r.items(e["types"], "types") {
		if s := r.text(n, "types"); s != "" && strings.ContainsAny(s, " []{}") {
			r.addf(n, "types: %q is no type pattern; want something like aws.*", s)
		} else if s != "" {
			rule.Types = append(rule.Types, s)
		}
	}
}

// readJudgement reads the conditions.
func (r *ruleReader) readJudgement(e entries) {
	rule := &r.rule
	r.required(r.root, e, "severity", "rule")
	rule.Severity = r.severity(e["severity"])
	for _, n := range r.items(e["needs"], "needs") {
		if k := r.oneOf(n, "needs", kindNames(inventory.ScanKinds())); k != "" {
			rule.Needs = append(rule.Needs, inventory.Kind(k))
		}
	}
	rule.Proof = r.oneOf(e["proof"], "proof", []string{proofAbsence, proofPresence})
	if rule.Proof == "" {
		rule.Proof = proofAbsence
	}
	if e["applies"] != nil {
		rule.Applies = r.required(r.root, e, "applies", "rule")
		rule.checked.applies = r.expression(e["applies"], "applies", types.BoolType)
	}
	rule.When = r.required(r.root, e, "when", "rule")
	rule.checked.when = r.expression(e["when"], "when", types.BoolType)
	rule.Message = r.required(r.root, e, "message", "rule")
	rule.checked.message = r.expression(e["message"], "message", types.StringType)
	for _, n := range r.items(e["raise"], "raise") {
		f := r.mapping(n, "raise", []string{"when", "severity"})
		if f == nil {
			continue
		}
		r.required(n, f, "severity", "raise")
		raise := Raise{When: r.required(n, f, "when", "raise"), Severity: r.severity(f["severity"])}
		rule.Raise = append(rule.Raise, raise)
		rule.checked.raise = append(rule.checked.raise, r.expression(f["when"], "raise when", types.BoolType))
	}
}

func (r *ruleReader) severity(n *yaml.Node) inventory.Severity {
	var names []string
	for _, s := range Severities() {
		names = append(names, string(s))
	}
	return inventory.Severity(r.oneOf(n, "severity", names))
}

// expression compiles a CEL text. It needs the rule's kind; without one the
// mistake has been reported already.
func (r *ruleReader) expression(n *yaml.Node, what string, want *types.Type) *expression {
	if n == nil || n.Kind != yaml.ScalarNode || strings.TrimSpace(n.Value) == "" || r.rule.For == "" {
		return nil
	}
	if r.trusted {
		lang, kind, text := r.lang, r.rule.For, n.Value
		return &expression{later: func() *expression {
			x, _ := lang.compile(kind, text, want) // one that does not compile is unknown for every subject
			return x
		}}
	}
	e, errs := r.lang.compile(r.rule.For, n.Value, want)
	r.addExpr(n, what, errs)
	return e
}

// readTexts reads what people read.
func (r *ruleReader) readTexts(e entries) {
	rule := &r.rule
	rule.Why = r.required(r.root, e, "why", "rule")
	rule.Verify = r.required(r.root, e, "verify", "rule")
	rule.Source = r.required(r.root, e, "source", "rule")
	if e["fix"] == nil {
		r.addf(r.root, "rule: fix is missing")
	}
	for _, n := range r.items(e["fix"], "fix") {
		f := r.mapping(n, "fix", []string{"platform", "steps"})
		if f == nil {
			continue
		}
		r.required(n, f, "platform", "fix")
		rule.Fix = append(rule.Fix, Fix{
			Platform: r.oneOf(f["platform"], "platform", platforms()),
			Steps:    r.required(n, f, "steps", "fix"),
		})
	}
	if n := e["fix"]; n != nil && n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		r.addf(n, "fix: the list is empty")
	}
}

// frameworks are the keys of the frameworks other than benchmarks.
func frameworks() []string {
	return []string{
		"muster", "iso27001_2022", "soc2", "owasp_nhi_2025", "nist_csf_2_0", "nist_800_53r5", "pci_dss_4_0_1",
		"cis_controls_8_1", "owasp_agentic_2026", "nis2_2024_2690", "dora",
	}
}

var benchmarkKey = regexp.MustCompile(`^cis_(aws|gcp|azure|kubernetes|github)_[0-9]+(_[0-9]+)*$`)

// isFramework reports whether a text has the form of a framework's key.
func isFramework(key string) bool {
	return slices.Contains(frameworks(), key) || benchmarkKey.MatchString(key)
}

// readControls reads framework to control ids. Whether they exist is checked
// against the framework files once all are read.
func (r *ruleReader) readControls(n *yaml.Node) {
	if n == nil {
		r.addf(r.root, "rule: controls is missing")
		return
	}
	r.rule.Controls = map[string][]string{}
	for framework, list := range r.mapping(n, "controls", nil) {
		if !isFramework(framework) {
			r.addf(list, "controls: %q is no framework key%s", framework, meant(framework, frameworks()))
			continue
		}
		r.rule.checked.lines["controls/"+framework] = list.Line
		for _, item := range r.items(list, "controls "+framework) {
			if id := r.text(item, "controls "+framework); id != "" {
				r.rule.Controls[framework] = append(r.rule.Controls[framework], id)
				r.rule.checked.lines["controls/"+framework+"/"+id] = item.Line
			}
		}
	}
	for _, framework := range []string{"iso27001_2022", "soc2"} {
		if len(r.rule.Controls[framework]) == 0 {
			r.addf(n, "controls: %s is missing; every rule names ISO 27001:2022 and SOC 2", framework)
		}
	}
}

func kindNames(kinds []inventory.Kind) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return out
}
