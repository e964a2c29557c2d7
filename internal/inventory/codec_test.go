package inventory_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// one returns one full record of every kind.
func one() []inventory.Record {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	hash := inventory.NewHasher([32]byte{1})([]byte("canary"))
	total := 3
	place := []inventory.Location{{
		URI: "deploy/ci.yaml", Repo: "git:robot", Commit: strings.Repeat("ab", 20), Line: 3, EndLine: 4,
		Column: 5, Author: "Ada <ada@northwind.example>", Date: at, AtHead: inventory.False, Via: "note",
		Committer: "Bo <bo@northwind.example>", CommittedAt: at,
	}}
	return []inventory.Record{
		{Identity: &inventory.Identity{
			ID: "aws:user/ci", Type: "aws.iam_user", Scope: "111122223333", Name: "ci", PublicIDs: []string{"a", "b"},
			Environment: "production", CreatedAt: at, CreatedBy: "ada", Disabled: inventory.False, Description: "builds <all> & more",
			Tags: map[string]string{"b": "2", "a": "1"}, ThirdParty: inventory.True, Agent: inventory.False, Human: inventory.False,
			Declared: true, ManagedBy: "aws", ReviewedAt: at, FoundAt: place, Attributes: map[string]string{"path": "/"},
		}},
		{Credential: &inventory.Credential{
			ID: "aws:key/1", Type: "aws.access_key", Scope: "111122223333", Name: "k", Identity: "aws:user/ci", PublicID: "pub",
			SecretHash: hash, Hint: "pub…(40)", Store: "git", Exposure: "repository", Environment: "test", Description: "d",
			CreatedAt: at, RotatedAt: at, ExpiresAt: at, Disabled: inventory.True, DisabledReason: "EXPOSED", Validity: "inactive",
			RotationEnabled: inventory.True, RotationDays: 90, NextRotationAt: at, ManagedBy: "m", Restricted: inventory.True,
			NetworkLimited: inventory.False, Algorithm: "RSA", KeyBits: 2048, Encrypted: inventory.False, Personal: inventory.True,
			Detector: "d", AtHead: inventory.True, AtTip: inventory.True, FirstSeenAt: at, LastSeenAt: at,
			FirstCommit: strings.Repeat("c", 40), LastCommit: strings.Repeat("d", 40), FoundAt: place, LocationsOmitted: 2,
			Tags: map[string]string{"t": "v"}, Attributes: map[string]string{"x": "y"},
		}},
		{Credential: &inventory.Credential{ID: "aws:key/2", Type: "aws.access_key", Scope: "s", NeverExpires: true}},
		{Grant: &inventory.Grant{
			ID: "aws:g/1", Principal: "aws:user/ci", Scope: "111122223333", Name: "AdministratorAccess", Resource: "*", Via: "group",
			Level: inventory.LevelAdmin, Reasons: []string{"r"}, Capabilities: []string{"c"}, Paths: []string{"p"}, GrantedAt: at,
			ExpiresAt: at, Condition: "{}", Declared: true, ManagedBy: "kubernetes", FoundAt: place,
			Attributes: map[string]string{"binding": "b"},
		}},
		{Usage: &inventory.Usage{
			Subject: "aws:key/1", Scope: "111122223333", LastUsedAt: at, TrackedSince: at, Service: "s3", Resource: "eu-west-1",
			Interactive: inventory.False, Source: "report",
		}},
		{Trust: &inventory.Trust{
			ID: "aws:t/1", Identity: "aws:role/r", Scope: "111122223333", Type: "oidc", Issuer: "https://i.example", Subject: "repo:*",
			Audience: "sts", Conditions: []string{"c"}, ExternalAccount: "444455556666", External: inventory.True,
			ExternalID: inventory.False, ImmutableSubject: inventory.False, Unused: inventory.True, Declared: true, FoundAt: place,
			Attributes: map[string]string{"store": "vault"},
		}},
		{Consumer: &inventory.Consumer{
			ID: "aws:c/1", Subject: "aws:role/r", Scope: "111122223333", Workload: "fn", Kind: "function", Location: "eu-west-1",
			Environment: "production", FoundAt: place, Attributes: map[string]string{"automount": "true"},
		}},
		{Owner: &inventory.Owner{
			Subject: "aws:user/ci", Scope: "111122223333", Owner: "platform", Kind: "team", Method: "tag",
			Confidence: inventory.ConfidenceHigh, Active: inventory.True, External: inventory.False, Source: "owner",
		}},
		{Coverage: &inventory.Coverage{
			Scanner: "aws", Scope: "111122223333", Kind: inventory.KindGrant, Status: inventory.StatusPartial, Count: 1,
			ControlTotal: &total, ControlSource: "summary", Requests: 4, Reason: "page 2: access denied", Notes: []string{"n"},
			Suppressed: map[string]int{"allow": 1}, Principal: "auditor", StartedAt: at, FinishedAt: at,
		}},
		{Progress: &inventory.Progress{Scope: "111122223333", Message: "users", Done: 1, Total: 2, Unit: inventory.UnitBytes}},
		{Relation: &inventory.Relation{
			From: "repo:1", To: "AKIA-public", Type: inventory.RelationAuthenticates, Method: "public_id", Exact: true, Resolved: true, Reason: "r",
		}},
		{Finding: &inventory.Finding{
			ID: "F-0123456789abcdef", Fingerprint: "0123456789abcdef", Rule: "NHI-ROT-001", Title: "t", Category: "rotation",
			Subject: "aws:key/1", SubjectKind: inventory.KindCredential, SubjectType: "aws.access_key", SubjectName: "k",
			Scope: "111122223333", Environment: "production", Severity: inventory.SeverityHigh, Score: 70,
			ScoreLines: []inventory.ScoreLine{{Points: 70, Reason: "r"}}, Verdict: "fail", Message: "m", Chain: []string{"a", "b"},
			Controls: map[string][]string{"soc2": {"CC6.1"}}, Owner: "platform", OwnerMethod: "tag", FirstSeen: at, LastSeen: at,
			State: "new", Locations: place, Exception: &inventory.Exception{Reason: "r", Approver: "a", Control: "c", Expires: at},
		}},
	}
}

func encode(t *testing.T, records []inventory.Record) []byte {
	t.Helper()
	var out bytes.Buffer
	w := inventory.NewWriter(&out)
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRoundTrip(t *testing.T) {
	want := one()
	text := encode(t, want)

	t.Run("Reader", func(t *testing.T) {
		r := inventory.NewReader(bytes.NewReader(text), inventory.ReaderOptions{})
		var got []inventory.Record
		for {
			rec, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rec)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if again := encode(t, got); !bytes.Equal(text, again) {
			t.Errorf("written again it differs:\n%s\n%s", text, again)
		}
	})
	t.Run("ReadAll", func(t *testing.T) {
		var got []inventory.Record
		err := inventory.ReadAll("x", bytes.NewReader(text), func(r inventory.Record) error {
			got = append(got, r)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
