package paths

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

const sendCommand = "ssm:SendCommand"

// shells lists documents of AWS that run whatever they are given. Those that a
// policy limits itself to instead, such as AWSEC2-CreateVssSnapshot, give no shell.
func shells() []string {
	return []string{
		"AWS-RunShellScript", "AWS-RunPowerShellScript", "AWS-RunRemoteScript", "AWS-RunDocument",
		"AWS-ApplyAnsiblePlaybooks", "AWS-InstallApplication",
	}
}

// document tells whether a node may send a document that runs its own commands:
// ssm:SendCommand asks for the document as well as for the instance. A document
// of the account does if the caller may write it; what the others do was not read.
func (a *Analysis) document(n *node) policy.Decision {
	var best policy.Decision
	keep := func(d *policy.Decision) bool {
		if best.Because == nil || d.Some > best.Some {
			best = *d
		}
		return best.Some == inventory.True
	}
	for _, name := range shells() {
		d := a.some(n, &question{action: sendCommand, resource: n.account.fill("arn:PARTITION:ssm:*::document/" + name)})
		if keep(&d) {
			return best
		}
	}
	d := a.some(n, &question{action: sendCommand, resource: n.account.fill(documents)})
	switch {
	case !slices.ContainsFunc(d.Because, ofCustomer):
		d.Some = inventory.False
	case d.Some == inventory.True:
		d.Some, d.Unknown = a.writes(n), []string{"what the documents of the account do"}
	}
	keep(&d)
	return best
}

// writes tells whether a node may write a document that it may send.
func (a *Analysis) writes(n *node) inventory.Tri {
	for _, action := range []string{"ssm:CreateDocument", "ssm:UpdateDocument"} {
		if d := a.some(n, &question{action: action, resource: n.account.fill(documents)}); a.mayDo(n, action) && d.Some == inventory.True {
			return inventory.True
		}
	}
	return inventory.Unknown
}

// documents are those of an account.
const documents = "arn:PARTITION:ssm:*:ACCOUNT:document/*"

// ofCustomer reports whether a statement is about documents that AWS does not
// keep. Names that begin as AWS's do are not to be had (Systems Manager User
// Guide, "Creating SSM document content").
func ofCustomer(r policy.Reason) bool {
	s := r.Statement
	return s != nil && !s.Deny && (s.NotResources != nil || slices.ContainsFunc(s.Resources, func(arn string) bool {
		_, name, ok := strings.Cut(strings.ToLower(arn), ":document/")
		if !ok {
			return wild(withoutVariables(arn), "arn:aws:ssm:us-east-1:111122223333:document/example")
		}
		return !strings.HasPrefix(name, "aws") && !strings.HasPrefix(name, "amazon") && !strings.HasPrefix(name, "amzn")
	}))
}
