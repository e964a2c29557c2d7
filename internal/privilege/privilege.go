// Package privilege says how much a grant allows: Kubernetes RBAC rules, AWS
// policy documents, cloud roles and GitHub permissions on one scale of levels.
// It is pure: no I/O, no clock.
//
// A level is what the grant allows for itself, within its scope; whether a
// boundary or a deny elsewhere takes it back is for the caller. What depends on
// a condition, an expression or a role that is not known is LevelUnknown, never
// a guess.
//
// Capabilities are dangerous permissions under muster's own names:
//
//	admin.all           everything in the scope
//	secrets.read_all    reads every secret value of the scope
//	secrets.read        reads named secret values
//	secrets.write       writes secret values
//	tokens.create       makes tokens for other identities
//	credentials.create  makes keys, passwords or secrets for other identities
//	identity.impersonate acts as other identities
//	identity.write      makes or changes identities
//	rbac.bind           gives itself or others any role
//	rbac.escalate       widens a role that it may hold
//	policy.write        writes or attaches policies
//	trust.write         changes who may become an identity
//	namespaces.write    changes namespaces and with them what is let into them
//	pass_role           hands roles to services (says nothing alone)
//	compute.create      starts code that may run under another identity
//	compute.exec        runs commands in workloads of others
//	nodes.proxy         reaches every container of a node
//	certificates.approve has client certificates issued
//	admission.write     changes what the API server lets in or makes of it
//	volumes.host        mounts the file system of a node
//	code.write          changes source code
//	workflow.write      changes or runs pipelines
//	packages.write      publishes packages or images
//	oidc.token          gets identity tokens that other systems may trust
//	data.read_all       reads all data of the scope
//	data.write_all      writes all data of the scope
//
// Those that Kubernetes adds (the table is in package reach):
//
//	rbac.write          changes roles and bindings within what it holds itself
//	namespaces.write    changes namespaces, their Pod Security labels among it
//	nodes.write         changes nodes, so that pods move
//	network.write       decides where traffic goes
//	network.reach       reaches ports of workloads past network policies
//	logs.read           reads what workloads print
//	traces.delete       removes traces of what happened
//	resources.define    changes what custom resources are
//	volumes.write       makes volumes
//	compute.delete      stops workloads of others
//	compute.template    writes pod templates
//	certificates.issue  has certificates issued by an issuer in the cluster
//	secrets.sync        has secrets fetched from an outside store
//	gitops.write        has a delivery tool apply what it likes
//	policy.use          starts pods under a security policy that it picks
package privilege

import (
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// An Assessment is what a grant allows.
type Assessment struct {
	Level        inventory.Level
	Reasons      []string // statements one can point at, strongest first
	Capabilities []string // as in the package comment; sorted, each once
}

// unknown is the assessment of what could not be told.
func unknown(reason string) Assessment {
	return Assessment{Level: inventory.LevelUnknown, Reasons: []string{reason}}
}

// add notes a capability with the level that it gives and the reason.
func (a *Assessment) add(level inventory.Level, capability, reason string) {
	if level.Rank() > a.Level.Rank() {
		a.Level = level
		a.Reasons = slices.Insert(a.Reasons, 0, reason)
	} else if !slices.Contains(a.Reasons, reason) {
		a.Reasons = append(a.Reasons, reason)
	}
	if capability != "" && !slices.Contains(a.Capabilities, capability) {
		a.Capabilities = append(a.Capabilities, capability)
		slices.Sort(a.Capabilities)
	}
}

// note keeps a reason that gives no level.
func (a *Assessment) note(reason string) { a.add(inventory.LevelUnknown, "", reason) }

// Max joins assessments of one principal: the strongest level, all reasons and
// capabilities. Beside an unknown one nothing short of admin is certain, so the
// level is unknown then; and so it is if there are none.
func Max(all ...Assessment) Assessment {
	var out Assessment
	var open bool
	for _, a := range all {
		open = open || a.Level.Rank() == 0
		if a.Level.Rank() > out.Level.Rank() {
			out.Level = a.Level
			out.Reasons = append(slices.Clone(a.Reasons), out.Reasons...)
		} else {
			out.Reasons = append(out.Reasons, a.Reasons...)
		}
		out.Capabilities = append(out.Capabilities, a.Capabilities...)
	}
	if out.Level == "" || open && out.Level != inventory.LevelAdmin {
		out.Level = inventory.LevelUnknown
	}
	slices.Sort(out.Capabilities)
	out.Capabilities = slices.Compact(out.Capabilities)
	return out
}
