package live

import "github.com/muster-nhi/muster/scanners/aws/live/wire"

// permission returns the action that a policy has to allow for an operation. It is
// the operation's name, but for one.
func permission(op wire.Operation) string {
	if op.Action() == "s3:ListBuckets" {
		return "s3:ListAllMyBuckets"
	}
	return op.Action()
}

// calls returns every operation that is ever asked, by "service:Name".
func calls() map[string]wire.Operation {
	out := map[string]wire.Operation{}
	return out
}
