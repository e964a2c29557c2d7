// Package live reads accounts of AWS into an object.Estate. It only lists and
// describes: nothing is created or changed but the credential report and, where it
// was asked for, the access advisor's, which AWS makes when one asks. No call that
// returns the value of a secret is made, and where an answer carries one beside
// what is wanted (environment variables of functions and containers), it is not
// decoded.
//
// Memory: what object.Account keeps of each object of all accounts that are read,
// and one page of an answer for each request under way, of which there are at most
// Options.Parallel times Options.SideBySide, and for single objects four times that.
package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/muster-nhi/muster/internal/transport"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// Options say which accounts and regions to read, as whom, and how deep. Now and
// Random are required.
type Options struct {
	Profile  string // of the AWS configuration; empty is the default chain of the SDK
	Region   string // where STS is asked; empty is that of the profile, or the partition's first
	Endpoint string // asked instead of AWS for everything; empty is AWS_ENDPOINT_URL, or AWS

	// Accounts are ids, or patterns with * and ?, of those to read; empty is the
	// caller's own, or with Organization all that are active.
	Accounts, ExcludeAccounts []string
	// Regions are names or patterns of those to read; empty is all that are on.
	Regions, ExcludeRegions []string

	Organization bool   // list the accounts of the organisation, and read those that Role can be assumed in
	Role         string // assumed in each account that is not the caller's: a name, with a path if it has one; empty reads the caller's only
	ExternalID   string
	SessionName  string // empty is "muster"
	WideSession  bool   // sessions are not narrowed to what is read

	Details       Details
	AccessAdvisor bool // when each principal last used each service: two or more requests a principal
	Creators      bool // who made principals and keys, from CloudTrail: slow

	// Sought returns the ids of access keys that lie about, as scanners.Sought does,
	// of type aws.access_key. They are looked up when all else was read. Nil is
	// nobody.
	Sought func(ctx context.Context, typ string) ([]string, error)

	// State is a directory for what a later run can go on with: accounts that were
	// read, and access advisor's answers of the last day. Empty keeps nothing.
	State  string
	MaxAge time.Duration // of accounts taken from State; 0 is DefaultMaxAge

	Parallel   int // accounts read side by side; 0 is DefaultParallel
	SideBySide int // listings of one account side by side; 0 is DefaultSideBySide

	UserAgent   string
	Wrap        func(http.RoundTripper) http.RoundTripper // around what carries requests; nil is nothing
	Now         func() time.Time
	Sleep       func(context.Context, time.Duration) error // nil is transport.Sleep
	Random      func() float64                             // between 0 and 1
	Credentials aws.CredentialsProvider                    // nil is the SDK's chain
	// Asked is told of each request, by its action; nil is nobody. It is called from
	// several goroutines.
	Asked func(action, region string)
	// Waits is told what is waited for, why and how long, whenever a request is not
	// answered, and every few seconds again; nil is nobody. It is called by one goroutine
	// at a time.
	Waits func(text string)
}

// Details say whether single objects are asked about where a listing does not tell
// all: keys of a user, policies of a secret, a bucket or a KMS key.
type Details string

// The choices of Details.
const (
	DetailsAuto Details = "auto" // where an account and region has at most MaxDetails of them; also the empty string
	DetailsAll  Details = "all"
	DetailsNone Details = "none"
)

// Choices of a reader whose Options make none.
const (
	MaxDetails        = 100
	DefaultParallel   = 4
	DefaultSideBySide = 8
	DefaultMaxAge     = 24 * time.Hour
)

// check refuses options that cannot be meant.
func (o *Options) check() error {
	for _, list := range [][]string{o.Accounts, o.ExcludeAccounts, o.Regions, o.ExcludeRegions} {
		for _, p := range list {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				return fmt.Errorf("%q is no name and no pattern", p)
			}
		}
	}
	switch o.Details {
	case "", DetailsAuto, DetailsAll, DetailsNone:
	default:
		return fmt.Errorf("details can be auto, all or none, and not %q", o.Details)
	}
	if o.Role != "" && !spelt(o.Role, "+=,.@-/", 1, 512) {
		return fmt.Errorf("%q is not the name of a role; it is the same in every account, so it is no ARN", o.Role)
	}
	if o.SessionName != "" && !spelt(o.SessionName, "+=,.@-", 2, 64) {
		return fmt.Errorf("%q is not the name of a session: 2 to 64 letters, digits and _+=,.@-", o.SessionName)
	}
	if o.ExternalID != "" && !spelt(o.ExternalID, "+=,.@:/-", 2, 1224) {
		return errors.New("the external id is not one: 2 to 1,224 letters, digits and _+=,.@:/-")
	}
	return nil
}

// spelt reports whether a text has between least and most letters, digits,
// underscores and some other characters (STS API reference, AssumeRole).
func spelt(s, others string, least, most int) bool {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', strings.ContainsRune(others, r):
		default:
			return false
		}
	}
	return len(s) >= least && len(s) <= most
}

// others returns the accounts that are named by their id, one of which may be the
// caller's.
func (o *Options) others() []string {
	var out []string
	for _, a := range o.Accounts {
		if object.IsAccount(a) {
			out = append(out, a)
		}
	}
	return out
}

// settle fills in what was left open.
func (o *Options) settle() {
	if o.Details == "" {
		o.Details = DetailsAuto
	}
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.SideBySide <= 0 {
		o.SideBySide = DefaultSideBySide
	}
	if o.MaxAge <= 0 {
		o.MaxAge = DefaultMaxAge
	}
	if o.SessionName == "" {
		o.SessionName = "muster"
	}
	if o.Sleep == nil {
		o.Sleep = transport.Sleep
	}
	o.Role = strings.Trim(o.Role, "/")
}

// chosen reports whether a name is among those that were asked for and not among
// those left out.
func chosen(name string, include, exclude []string) bool {
	return (len(include) == 0 || matches(name, include)) && !matches(name, exclude)
}

func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return err == nil && ok
	})
}
