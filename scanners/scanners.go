// Package scanners says what a scanner is: one that lists the identities,
// credentials and grants of one system and passes them on as records.
//
// A scanner lives in a package of its own below this one, offers a function
// Factory() scanners.Factory, and is listed in scanners/all. It is one when
// scannertest.Run passes.
package scanners

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Scanner lists the identities, credentials and grants of one system.
type Scanner interface {
	// Scan passes every record it can see to emit, and returns when it has seen
	// them all or ctx ends. A listing that fails is not an error: Scan emits a
	// Coverage record that says so and goes on. It returns an error only if it
	// could not begin, ctx ended, or emit failed. It changes nothing it reads.
	Scan(ctx context.Context, emit Emit) error
}

// Emit takes one record. It may block and is safe for concurrent use. The
// scanner must not change the record afterwards. An error means that nobody
// listens any more: the scanner returns it.
type Emit func(inventory.Record) error

// Info is data, so that docs, `muster scanners` and the least-privilege policy
// come from it without running a scan.
type Info struct {
	Name        string           // lower case; the prefix of its record ids and of its source: "repo"
	Title       string           // one line for people
	Argument    string           // configuration key that a source's part after ":" sets ("path" in repo:PATH); empty if it takes none
	Kinds       []inventory.Kind // record kinds it can emit; it emits a Coverage for each of them in each scope
	Permissions []string         // read-only permissions, as the vendor spells them
	Network     bool             // whether it talks to anything but this machine
	Seeks       []string         // types of the credentials that it looks up by their ids with Env.Sought; empty is none
}

// Env is all that the program lends a scanner; it uses nothing else from
// outside but the files and programs that its configuration names.
type Env struct {
	HTTP *http.Client // rate limited, retrying, identified; nil for a scanner with Network false
	Log  *slog.Logger // for people; never a secret
	Now  func() time.Time
	Hash func(secret []byte) inventory.SecretHash // keyed; safe for concurrent use
	// Wrap is for a scanner whose system calls for a TLS or a way to sign in that
	// HTTP cannot carry, such as a kubeconfig's: it puts the same retries, waiting
	// and counting around a transport of the scanner's own, without a rate of
	// requests. It may replace what it is given, as tests do. Nil with Network
	// false. Such a scanner names itself; UserAgent says how.
	Wrap      func(http.RoundTripper) http.RoundTripper
	UserAgent string
	Memory    Memory // what earlier scans left; nil if nothing is kept
	Sought    Sought // what the other scanners of the run find; nil if there is nobody to ask
	// Getenv returns a variable of the program's environment: what the program that
	// started this one says of what is to be read, as git does to its hooks. Nil is
	// an empty environment.
	Getenv func(name string) string
}

// A Sought returns the public ids of the credentials of a type that the scanners
// of this run found lying about, sorted, each once: what a platform that was asked
// for everything need not be asked for one by one. The type is one of Info.Seeks.
// It waits until every scanner that seeks nothing itself has ended, whatever way,
// so that a scanner calls it when there is nothing else left to do. It returns
// what there is so far and an error if ctx ends before that, or if there are more
// than 10,000. No more of a credential is handed on than its public id.
type Sought func(ctx context.Context, typ string) ([]string, error)

// A Memory keeps what a scanner wants to know again in a later scan, so that it
// need not be worked out twice. What it gives back may be old, another's or
// damaged: a scanner checks it, and a scan without memory finds the same. No
// secret value goes there. It is safe for concurrent use.
type Memory interface {
	// Load returns what was saved last under a key by the same build, or nil.
	Load(ctx context.Context, key string) ([]byte, error)
	// Save keeps data under a key, in place of what was there. It may be dropped
	// at any time.
	Save(ctx context.Context, key string, data []byte) error
}

// Decode fills a configuration with what the user said: it writes into a
// pointer to the scanner's typed configuration, leaves what nobody set, and
// refuses unknown keys with file and line.
type Decode func(into any) error

// A Factory makes scanners of one kind. The zero Factory is not valid; use
// Define.
type Factory struct {
	info     Info
	defaults func() any
	open     func(Env, Decode) (Scanner, error)
}

// Define returns a factory whose strict, typed configuration is a C, a struct
// whose fields carry yaml and json tags. Each scanner gets a copy of defaults,
// overwritten by what the user configured.
func Define[C any](info Info, defaults C, build func(Env, C) (Scanner, error)) Factory {
	return Factory{
		info:     info,
		defaults: func() any { return defaults },
		open: func(env Env, decode Decode) (Scanner, error) {
			config := defaults
			if err := decode(&config); err != nil {
				return nil, err
			}
			return build(env, config)
		},
	}
}

// Info returns what the scanner is, without making one.
func (f Factory) Info() Info { return f.info }

// Defaults returns a copy of the default configuration, for documentation.
func (f Factory) Defaults() any { return f.defaults() }

// Open makes a scanner. The error says what is wrong with the configuration or
// what could not be opened; it reads as little as it can before Scan.
func (f Factory) Open(env Env, decode Decode) (Scanner, error) {
	return f.open(env, decode)
}
