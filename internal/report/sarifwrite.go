package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// The kinds of notification.
const (
	noteCoverage = "MUSTER-COVERAGE" // a listing that was not complete
	noteDropped  = "MUSTER-LIMIT"    // results left out because of a limit of the consumer
	noteExcepted = "MUSTER-EXCEPTED" // accepted findings, which the consumer has no place for
	noteShared   = "MUSTER-SHARED"   // scopes that share a run
	noteStopped  = "MUSTER-STOPPED"  // the scan was interrupted
)

// maxNotifications bounds the coverage notifications of one run.
const maxNotifications = 200

// writeSARIF writes SARIF 2.1.0 for one consumer. Results are streamed; memory
// grows with the number of findings by a pointer each.
func writeSARIF(w io.Writer, r *Report, o Options) error {
	p, err := sarifProfileOf(o.SARIFProfile)
	if err != nil {
		return err
	}
	runs, err := planSARIF(r, p)
	if err != nil {
		return err
	}
	rules := make(map[string]findings.Rule, len(r.Rules))
	for _, rule := range r.Rules {
		rules[rule.ID] = rule
	}
	d := newDocument(w)
	d.value("$schema", sarifSchema)
	d.value("version", "2.1.0")
	d.key("runs")
	d.text("[")
	for i, run := range runs {
		if i > 0 {
			d.text(",")
		}
		d.text("\n")
		writeRun(d, r, run, rules, p, o)
	}
	d.text("]")
	return d.finish()
}

func writeRun(d *document, r *Report, run *sarifRun, rules map[string]findings.Rule, p sarifProfile, o Options) {
	d.open()
	d.value("tool", sarifTool{Driver: driver(r, run)})
	d.value("automationDetails", automation(run, p, o))
	d.value("invocations", []sarifInvocation{invocation(r, run, p)})
	d.value("columnKind", "unicodeCodePoints")
	d.key("results")
	d.text("[")
	for i, f := range run.Results {
		if i > 0 {
			d.text(",")
		}
		d.text("\n")
		d.raw(result(f, ruleOf(f, rules), run.Index[f.Rule], p))
	}
	d.text("]")
	d.close()
}

func driver(r *Report, run *sarifRun) sarifDriver {
	d := sarifDriver{
		Name: "muster", Version: r.Tool.Version, InformationURI: r.Tool.URI,
		FullName: strings.TrimSpace("muster " + r.Tool.Version),
		Rules:    run.Rules,
	}
	if d.Rules == nil {
		d.Rules = []*sarifRule{}
	}
	if version := strings.TrimPrefix(r.Tool.Version, "v"); isSemantic(version) {
		d.SemanticVersion = version
	}
	for _, n := range [][3]string{
		{noteCoverage, "ListingNotComplete", "A listing was not complete, so what was not seen is not judged."},
		{noteExcepted, "FindingsExcepted", "Accepted findings are left out."},
		{noteDropped, "ResultsLeftOut", "Results were left out because of a limit of the consumer."},
		{noteShared, "ScopesShareRun", "Scopes share one run because of a limit of the consumer."},
		{noteStopped, "ScanInterrupted", "The scan was interrupted."},
	} {
		d.Notifications = append(d.Notifications, sarifRule{
			ID: n[0], Name: n[1], ShortDescription: &sarifText{Text: n[2]}, FullDescription: &sarifText{Text: n[2]},
			Help: &sarifText{Text: n[2], Markdown: n[2]},
		})
	}
	return d
}

// isSemantic reports whether a version follows semver.org.
func isSemantic(v string) bool {
	ok, err := regexp.MatchString(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`, v)
	return err == nil && ok
}

// automation names the category of a run. Azure DevOps wants a prefix of its
// own and the pipeline.
func automation(run *sarifRun, p sarifProfile, o Options) sarifAutomation {
	if !p.Azure {
		return sarifAutomation{ID: run.Category}
	}
	const prefix = "azuredevops/pipeline/build/"
	return sarifAutomation{ID: prefix + run.Category, Properties: map[string]string{
		prefix + "buildDefinitionId":   cmp.Or(o.Pipeline.DefinitionID, "0"),
		prefix + "buildDefinitionName": cmp.Or(o.Pipeline.DefinitionName, "unknown"),
		prefix + "phaseId":             cmp.Or(o.Pipeline.PhaseID, "00000000-0000-0000-0000-000000000000"),
		prefix + "phaseName":           cmp.Or(o.Pipeline.PhaseName, "unknown"),
	}}
}

// invocation says how the scan of these scopes went. It did not succeed if
// something that was asked for could not be read.
func invocation(r *Report, run *sarifRun, p sarifProfile) sarifInvocation {
	inv := sarifInvocation{Successful: !r.Run.Interrupted, Start: stamp(r.Run.StartedAt), End: stamp(r.Run.FinishedAt)}
	note := func(id, level, text string) {
		inv.Notifications = append(inv.Notifications, sarifNotification{
			Descriptor: sarifReference{id}, Level: level, Message: sarifText{Text: text},
		})
	}
	if r.Run.Interrupted {
		note(noteStopped, "error", "The scan was interrupted; these are the findings up to then.")
	}
	if run.Dropped > 0 {
		note(noteDropped, "error", fmt.Sprintf("%s left out, the least severe, for the %s profile takes no more. The json format has all.",
			count(run.Dropped, "finding was", "findings were"), p.Name))
	}
	if len(run.Scopes) > 1 && p.MaxRuns > 1 {
		note(noteShared, "note", fmt.Sprintf("This run holds %d scopes, for the %s profile takes %d runs.", len(run.Scopes), p.Name, p.MaxRuns))
	}
	if n := exceptedIn(r, run); n > 0 && !p.Suppressions {
		note(noteExcepted, "note", fmt.Sprintf("%s under an accepted exception %s left out.",
			count(n, "finding", "findings"), map[bool]string{true: "is", false: "are"}[n == 1]))
	}
	inv.addCoverage(r, run)
	return inv
}

func exceptedIn(r *Report, run *sarifRun) int {
	n := 0
	for _, f := range r.Excepted {
		if run.Scopes[f.Scope] {
			n++
		}
	}
	return n
}

func (x *sarifInvocation) addCoverage(r *Report, run *sarifRun) {
	more := 0
	for _, c := range r.Inventory.Coverages {
		if c.Status == inventory.StatusComplete || !run.Scopes[c.Scope] {
			continue
		}
		level := "error"
		if c.Status == inventory.StatusSkipped {
			level = "note"
		} else {
			x.Successful = false
		}
		if len(x.Notifications) >= maxNotifications {
			more++
			continue
		}
		x.Notifications = append(x.Notifications, sarifNotification{
			Descriptor: sarifReference{noteCoverage}, Level: level,
			Message: sarifText{Text: sentence(fmt.Sprintf("%s of %s: %s: %s", c.Kind, clean(c.Scope), c.Status, message(c.Reason)))},
			Properties: map[string]string{
				"muster/scanner": clean(c.Scanner), "muster/scope": clean(c.Scope),
				"muster/kind": string(c.Kind), "muster/status": string(c.Status),
			},
		})
	}
	if more > 0 {
		x.Notifications = append(x.Notifications, sarifNotification{
			Descriptor: sarifReference{noteCoverage}, Level: "error",
			Message: sarifText{Text: fmt.Sprintf("%s not complete either.", count(more, "further listing was", "further listings were"))},
		})
	}
}

// result makes the SARIF result of a finding.
func result(f *inventory.Finding, rule findings.Rule, index int, p sarifProfile) sarifResult {
	text := message(cmp.Or(f.Message, f.Title))
	if f.Severity != rule.Severity {
		text = "[" + string(f.Severity) + "] " + text
	}
	first, related, omitted := sarifPlaces(f, p.MaxLocations)
	out := sarifResult{
		RuleID: f.Rule, RuleIndex: index, Kind: "fail", Level: sarifLevel(f.Severity),
		Message:   sarifText{Text: truncate(text, p.MaxText)},
		Locations: []sarifLocation{first}, RelatedLocations: related,
		PartialFingerprints: map[string]string{"primaryLocationLineHash": fingerprint(f) + ":1"},
		Properties: &sarifResultProperties{
			ID: f.ID, Severity: string(f.Severity), Score: f.Score, Subject: clean(f.Subject), SubjectType: f.SubjectType,
			Scope: clean(f.Scope), Environment: clean(f.Environment), Owner: clean(f.Owner), FirstSeen: stamp(f.FirstSeen),
			Chain: cleanAll(f.Chain), Controls: f.Controls, OmittedPlaces: omitted,
		},
	}
	if p.Baseline {
		rank := float64(f.Score)
		out.Rank = &rank
		out.BaselineState = map[string]string{"new": "new", "open": "unchanged", "reopened": "new"}[f.State]
	}
	if e := f.Exception; e != nil {
		out.Suppressions = []sarifSuppression{{
			Kind: "external", Status: "accepted",
			Justification: message(fmt.Sprintf("%s (approved by %s, until %s)", e.Reason, e.Approver, day(e.Expires))),
		}}
		out.Properties.ExceptionEnds = stamp(e.Expires)
		out.Properties.CompensatedWith = clean(e.Control)
	}
	return out
}

// fingerprint is 16 hex digits that stay the same between scans. A finding
// that was recorded without one gets it from its rule and subject.
func fingerprint(f *inventory.Finding) string {
	if f.Fingerprint != "" {
		return f.Fingerprint
	}
	sum := sha256.Sum256([]byte(f.Rule + "\x00" + f.Subject))
	return hex.EncodeToString(sum[:8])
}

// message cleans a text and takes away what SARIF would read as a link to a
// place of the text's own choosing.
func message(s string) string {
	return strings.ReplaceAll(clean(s), "](", "] (")
}

func cleanAll(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, clean(s))
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
