// Package policy reads AWS policy documents and decides what they allow, in
// three values: allowed, denied, unknown. It is pure.
//
// Parse reads a document, Compile makes it ready, Decide answers a request by all
// policies that have a say. Time and memory of the first two grow with the length
// of the document. A question costs a look into each policy's index and the
// statements about the action, so about a microsecond. Documents and compiled
// policies are shared between principals and goroutines.
//
// It does not know what is decided outside of policies: access control lists,
// S3's block of public access, grants of KMS keys, policies of VPC endpoints.
//
// Source: IAM User Guide, "IAM JSON policy elements reference" and "Policy
// evaluation logic".
package policy

import "strings"

// A Document is a parsed policy of any type. It is shared and never changed.
type Document struct {
	Version    string // 2012-10-17 or 2008-10-17; variables are only known to the first
	ID         string
	Statements []Statement
	Problems   []string // what was odd in it, without quoting it: unknown keys, encoded twice
}

// A Statement is one statement of a policy.
type Statement struct {
	Sid          string
	Index        int // in the document, from 0
	Deny         bool
	Actions      []string // as written; nil if NotActions are given
	NotActions   []string
	Resources    []string
	NotResources []string
	Principals   *Principals // nil in an identity policy
	NotPrincipal *Principals
	Conditions   []Condition
}

// Principals are those that a resource policy names.
type Principals struct {
	Everyone  bool     // "*" or {"AWS": "*"}
	AWS       []string // ARNs, account ids, unique ids of deleted principals (AIDA…, AROA…)
	Service   []string
	Federated []string
	Canonical []string
}

// A Condition is one key of one operator. Values are alternatives, conditions of
// a statement all have to hold.
type Condition struct {
	Operator  string // as written, without qualifier and IfExists: StringLike
	Qualifier string // ForAnyValue, ForAllValues, or empty
	IfExists  bool
	Key       string // lower case: aws:sourceip
	Written   string // the key as written: aws:SourceIp
	Values    []string
}

// Test names the operator in full: ForAnyValue:StringLikeIfExists.
func (c *Condition) Test() string {
	out := c.Operator
	if c.Qualifier != "" {
		out = c.Qualifier + ":" + out
	}
	if c.IfExists {
		out += "IfExists"
	}
	return out
}

// Demands reports whether a condition demands a value of its key: one with
// IfExists or Not, or ForAllValues, passes who has none.
func (c *Condition) Demands() bool {
	if c.IfExists || c.Qualifier == "ForAllValues" {
		return false
	}
	switch c.Operator {
	case "StringEquals", "StringLike", "StringEqualsIgnoreCase", "ArnEquals", "ArnLike":
		return true
	default:
		return false
	}
}

// AccountOf returns the account of a principal or resource: twelve digits, by
// themselves or in an ARN. It is empty if there is none.
func AccountOf(name string) string {
	id, rest, arn := name, name, true
	for i := 0; i < 4 && arn; i++ {
		_, rest, arn = strings.Cut(rest, ":")
	}
	if part, _, more := strings.Cut(rest, ":"); arn && more {
		id = part
	}
	if len(id) == 12 && strings.Trim(id, "0123456789") == "" {
		return id
	}
	return ""
}
