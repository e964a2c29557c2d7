package findings

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// unassigned stands behind the platforms for what is of none of them.
const unassigned = 5

// benchmarkPlatforms are those that have a benchmark of their own. What a rule says of
// one platform shows nothing about the benchmark of another.
func benchmarkPlatforms() [unassigned]string {
	return [...]string{"aws", "gcp", "azure", "kubernetes", "github"}
}

// benchmarked returns the place in benchmarkPlatforms of the platform that a framework
// is about, or unassigned if it is about none: cis_aws_5_0_0 is about aws,
// cis_controls_8_1 about none.
func benchmarked(framework string) int {
	rest, ok := strings.CutPrefix(framework, "cis_")
	if !ok {
		return unassigned
	}
	name, _, _ := strings.Cut(rest, "_")
	return platformNamed(name)
}

// platformOf returns the place of the platform that the type of a subject names;
// if it names none (a certificate, a login), that of its scope, and then that of
// the type of the identity that it is about. Entra is the directory of Azure.
func platformOf(typ, scope, about string) int {
	place, _, _ := strings.Cut(scope, ":")
	if place == scope { // a host and path, as repositories have
		place = ""
	}
	if place == "manifests" {
		place = "kubernetes"
	}
	for _, t := range [...]string{typ, place, about} {
		name, _, _ := strings.Cut(t, ".")
		if name == "entra" {
			name = "azure"
		}
		if p := platformNamed(name); p < unassigned {
			return p
		}
	}
	return unassigned
}

func platformNamed(name string) int {
	for i, p := range benchmarkPlatforms() {
		if p == name {
			return i
		}
	}
	return unassigned
}

// namesBenchmark tells whether a rule names a control of a platform's
// benchmark.
func (r *Rule) namesBenchmark() bool {
	for framework := range r.Controls {
		if benchmarked(framework) < unassigned {
			return true
		}
	}
	return false
}

// attribute adds what was counted since before to a platform.
func (c *count) attribute(platform int, before sums) {
	if c.platforms == nil {
		c.platforms = &[unassigned + 1]sums{}
	}
	p := &c.platforms[platform]
	p.pass += c.pass - before.pass
	p.fail += c.fail - before.fail
	p.unknown += c.unknown - before.unknown
}

// onPlatform returns the tallies of what rules say of one platform; unassigned
// are those of subjects that are of none. With no counts they are all empty.
func onPlatform(platform int, inv *inventory.Inventory, counts []count, result *Result) []Tally {
	excepted := map[string]int{}
	for _, f := range result.Findings {
		if f.Exception != nil && platformOf(f.SubjectType, f.Scope, trustedType(inv, f)) == platform {
			excepted[f.Rule]++
		}
	}
	out := slices.Clone(result.Tallies)
	for i := range out {
		s := sums{}
		if all := counts[i].platforms; all != nil {
			s = all[platform]
		}
		t := &out[i]
		t.Pass, t.Fail, t.Unknown, t.Subjects = s.pass, s.fail, s.unknown, s.pass+s.fail+s.unknown
		t.Excepted, t.Reasons = excepted[t.Rule], nil
	}
	return out
}

// trustedType is the type of the identity that a trust or a consumer is about.
func trustedType(inv *inventory.Inventory, f *inventory.Finding) string {
	about := ""
	switch f.SubjectKind {
	case inventory.KindTrust:
		for _, t := range inv.Trusts {
			if t.ID == f.Subject {
				about = t.Identity
			}
		}
	case inventory.KindConsumer:
		for _, c := range inv.Consumers {
			if c.ID == f.Subject {
				about = c.Subject
			}
		}
	default:
		return ""
	}
	if id := inv.Identity(about); id != nil {
		return id.Type
	}
	if c := inv.Credential(about); c != nil {
		return c.Type
	}
	return ""
}
