package privilege

import (
	"maps"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// GitHubPermissions assesses the permissions of a GITHUB_TOKEN or a GitHub app:
// scope to "read", "write", "admin" or "none". The scope "*" with "read" or
// "write" is read-all and write-all. A nil map is a workflow without a
// permissions key: its level is unknown, because the default is a setting of
// the repository or organisation; an empty one allows nothing.
func GitHubPermissions(permissions map[string]string) Assessment {
	if permissions == nil {
		return unknown("no permissions key: what the token may do depends on the settings of the repository and organisation")
	}
	out := Assessment{Level: inventory.LevelNone, Reasons: []string{"no permission is given"}}
	if len(permissions) > 0 {
		out.Reasons = nil
	}
	for _, scope := range slices.Sorted(maps.Keys(permissions)) {
		out.gitHub(scope, permissions[scope])
	}
	if len(out.Reasons) == 0 {
		out.Reasons = []string{"no permission is given"}
	}
	return out
}

// gitHub adds one permission.
func (a *Assessment) gitHub(scope, access string) {
	reason := scope + ": " + access
	switch access {
	case "none", "":
		return
	case "read":
		a.add(inventory.LevelRead, "", reason)
		return
	case "write", "admin":
	default:
		a.add(inventory.LevelUnknown, "", reason+" is not a known access")
		if a.Level == inventory.LevelNone {
			a.Level = inventory.LevelUnknown
		}
		return
	}
	if scope == "id-token" {
		a.add(inventory.LevelRead, "oidc.token", reason+" lets it ask for identity tokens; it writes nothing by itself")
		return
	}
	a.add(inventory.LevelWrite, gitHubCapability(scope), reason)
	if scope == "*" {
		for _, c := range []string{"code.write", "workflow.write", "packages.write", "oidc.token"} {
			a.add(inventory.LevelWrite, c, reason)
		}
	}
	// A GitHub app with administration can add collaborators, keys and runners.
	if scope == "administration" || scope == "organization_administration" {
		a.add(inventory.LevelAdmin, "identity.write", reason)
	}
}

// gitHubCapability names what write access to a scope gives, if it is
// dangerous.
func gitHubCapability(scope string) string {
	switch scope {
	case "contents":
		return "code.write"
	case "actions", "workflows":
		return "workflow.write"
	case "packages":
		return "packages.write"
	case "secrets", "organization_secrets", "actions_variables", "environments":
		return "secrets.write"
	case "members":
		return "identity.write"
	default:
		return ""
	}
}
