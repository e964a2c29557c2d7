package object

import "strings"

// An ARN is the name of a resource of AWS in its parts: arn:aws:iam::ACCOUNT:user/x.
type ARN struct{ Partition, Service, Region, Account, Resource string }

// ParseARN splits an ARN (IAM User Guide, "IAM identifiers") without judging its
// parts: the account may be empty, "aws" or a wildcard. All parts are empty if the
// text is no ARN.
func ParseARN(s string) ARN {
	p := strings.SplitN(s, ":", 6)
	if len(p) < 6 || p[0] != "arn" {
		return ARN{}
	}
	return ARN{p[1], p[2], p[3], p[4], p[5]}
}

// IsAccount reports whether a text is the id of an account: twelve digits.
func IsAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }
