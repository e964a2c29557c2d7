// Package demo is a recorded scan of a company that there is not: Northwind
// Robotics, with two AWS accounts, a cluster, a Google Cloud project, an Entra
// tenant and two repositories. It is made in code, so that it always fits the
// records as they are, and is the same at every call.
package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The scopes of the company.
const (
	prod    = "aws:111122223333"
	sandbox = "aws:444455556666"
	cluster = "northwind-prod"
	project = "gcp:northwind-ml"
	tenant  = "entra:northwind.example"
	api     = "github.com/northwind/robot-api"
	infra   = "github.com/northwind/warehouse-infra"
)

// AsOf is the time at which the scan was recorded, and as of which it is
// judged.
func AsOf() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

// Records returns the recorded scan as JSON lines.
func Records() []byte {
	c := &company{counts: map[cell]int{}}
	c.aws()
	c.cloud()
	c.cluster()
	c.repositories()
	c.coverage()
	var b bytes.Buffer
	w := inventory.NewWriter(&b)
	for _, r := range c.records {
		// A test holds that every record is valid.
		_ = w.Write(r)
	}
	_ = w.Flush()
	return b.Bytes()
}

type cell struct {
	scope string
	kind  inventory.Kind
}

// A company collects its records and counts them for the coverage.
type company struct {
	records []inventory.Record
	counts  map[cell]int
}

func (c *company) add(scope string, r inventory.Record) {
	c.counts[cell{scope, r.Kind()}]++
	c.records = append(c.records, r)
}

func (c *company) identity(x inventory.Identity) string {
	c.add(x.Scope, inventory.Record{Identity: &x})
	return x.ID
}

func (c *company) credential(x inventory.Credential) string {
	c.add(x.Scope, inventory.Record{Credential: &x})
	return x.ID
}

func (c *company) grant(x inventory.Grant) {
	if x.ID == "" {
		x.ID = x.Principal + "/grant/" + x.Name
	}
	c.add(x.Scope, inventory.Record{Grant: &x})
}

// used says when something was last used; a zero time says that it never was
// since recording began.
func (c *company) used(scope, subject string, last time.Time, service string) {
	c.add(scope, inventory.Record{Usage: &inventory.Usage{
		Subject: subject, Scope: scope, LastUsedAt: last, TrackedSince: ago(800), Service: service, Source: "recorded by the platform",
	}})
}

func (c *company) trust(x inventory.Trust)       { c.add(x.Scope, inventory.Record{Trust: &x}) }
func (c *company) consumer(x inventory.Consumer) { c.add(x.Scope, inventory.Record{Consumer: &x}) }

func (c *company) owner(scope, subject, owner, method string, sure inventory.Confidence, active inventory.Tri) {
	kind := "person"
	if owner[0] == '@' {
		kind = "team"
	}
	c.add(scope, inventory.Record{Owner: &inventory.Owner{
		Subject: subject, Scope: scope, Owner: owner, Kind: kind, Method: method, Confidence: sure, Active: active, Source: method,
	}})
}

// ago is a number of days before the scan.
func ago(days int) time.Time { return AsOf().AddDate(0, 0, -days) }

// ahead is a number of days after the scan.
func ahead(days int) time.Time { return AsOf().AddDate(0, 0, days) }

// hashed is the hash of a secret that there is not: equal for equal n.
func hashed(n int) inventory.SecretHash {
	return inventory.SecretHash(fmt.Sprintf("hmac-sha256:%08x:%x", 0xde30, sha256.Sum256(fmt.Appendf(nil, "secret %d", n))))
}

// key is the id of an access key that there is not. It is put together here,
// so that no scanner takes this file for a leak.
func key(tail string) string { return "AK" + "IA" + tail }

// commit is the id of a commit that there is not.
func commit(n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "northwind %d", n))
	return hex.EncodeToString(sum[:20])
}

// coverage states what was seen: all, but for two listings of the sandbox.
func (c *company) coverage() {
	live := []inventory.Kind{
		inventory.KindIdentity, inventory.KindCredential, inventory.KindGrant, inventory.KindUsage,
		inventory.KindTrust, inventory.KindConsumer, inventory.KindOwner,
	}
	for _, s := range []struct{ scanner, scope, principal string }{
		{"aws", prod, "arn:aws:iam::111122223333:role/muster-read"},
		{"aws", sandbox, "arn:aws:iam::444455556666:role/muster-read"},
		{"kubernetes", cluster, "system:serviceaccount:muster:reader"},
		{"gcp", project, "muster-read@northwind-ml.iam.gserviceaccount.com"},
		{"azure", tenant, "muster (application)"},
		{"repo", api, ""},
		{"repo", infra, ""},
	} {
		for _, kind := range live {
			if s.scanner == "repo" && kind == inventory.KindUsage {
				continue
			}
			c.records = append(c.records, inventory.Record{Coverage: c.seen(s.scanner, s.scope, s.principal, kind)})
		}
	}
}

func (c *company) seen(scanner, scope, principal string, kind inventory.Kind) *inventory.Coverage {
	x := &inventory.Coverage{
		Scanner: scanner, Scope: scope, Kind: kind, Status: inventory.StatusComplete, Principal: principal,
		Count: c.counts[cell{scope, kind}], StartedAt: AsOf().Add(-4 * time.Minute), FinishedAt: AsOf().Add(-time.Minute),
	}
	switch {
	case scope == sandbox && kind == inventory.KindUsage:
		x.Status, x.Reason = inventory.StatusDenied, "iam:GenerateServiceLastAccessedDetails was refused (AccessDenied)"
	case scope == sandbox && kind == inventory.KindCredential:
		x.Status, x.Reason = inventory.StatusPartial, "secrets in eu-central-1 were not listed: secretsmanager:ListSecrets was refused"
	case scope == api && kind == inventory.KindCredential:
		x.Suppressed = map[string]int{"gitleaks:allow": 2}
	}
	return x
}
