package arm

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// full reports whether a block names every action of the control plane.
func (c *compiled) full() bool {
	all := func(p pattern) bool { return len(p.parts) == 2 && p.parts[0] == "" && p.parts[1] == "" }
	return slices.ContainsFunc(c.actions, all) && len(c.notActions) == 0
}

// samples calls f with names that stand for what a block allows.
func (c *compiled) samples(f func(name string, data bool)) {
	for k, plane := range []struct{ yes, no []pattern }{{c.actions, c.notActions}, {c.data, c.notData}} {
		for i := range plane.yes {
			for _, name := range plane.yes[i].samples() {
				if !anyMatch(plane.no, name) {
					f(name, k == 1)
				}
			}
		}
	}
}

// samples are names that a pattern means.
func (p *pattern) samples() []string {
	last := len(p.parts) - 1
	head := strings.Join(p.parts[:last], "x")
	if last == 0 {
		return p.parts[:1]
	}
	if tail := p.parts[last]; tail != "" {
		return []string{head + "x" + tail}
	}
	var out []string
	for _, verb := range []string{"write", "delete", "action", "read"} {
		switch { // of "a/b/*", "a/b*" and "*"
		case strings.HasSuffix(head, "/"):
			out = append(out, head+verb, head+"x/"+verb)
		default:
			out = append(out, head+"x/"+verb)
		}
	}
	return out
}

// levelOf is the level of a single action by the last part of its name.
func levelOf(name string) inventory.Level {
	for _, p := range idle() {
		if strings.HasPrefix(name, p) {
			return inventory.LevelNone
		}
	}
	rest, verb := "", name
	if at := strings.LastIndexByte(name, '/'); at >= 0 {
		rest, verb = name[:at], name[at+1:]
	}
	switch verb {
	case "read":
		return inventory.LevelRead
	case "action":
		what := rest[strings.LastIndexByte(rest, '/')+1:]
		for _, v := range looking() {
			if strings.HasPrefix(what, v) {
				return inventory.LevelRead
			}
		}
		for _, v := range lookingAnywhere() {
			if strings.Contains(what, v) {
				return inventory.LevelRead
			}
		}
	}
	return inventory.LevelWrite
}

// idle lists what many roles that only read have besides: tickets to Microsoft's
// support, classic alerts, which are retired, and deployments, which do nothing
// without rights to what they deploy.
func idle() []string {
	return []string{"microsoft.support/", "microsoft.resources/deployments/", "microsoft.resourcehealth/", "microsoft.insights/alertrules/"}
}

// lookingAnywhere lists words that such an action may have anywhere in its name
// ("dataConnectorsCheckRequirements").
func lookingAnywhere() []string {
	return []string{"checkrequirements", "downloads", "query", "logstream", "emissionreports", "getaccess"}
}

// looking lists the verbs of actions that change nothing.
func looking() []string {
	return []string{
		"list", "get", "search", "query", "check", "validate", "whatif", "evaluate", "analyze", "analyse", "calculate", "preview", "export", "read",
		"estimate", "detect", "fetch", "download", "describe", "show", "count", "compare", "summarize", "pull", "diagnose", "metrics", "predict", "generateuserdelegationkey",
	}
}
