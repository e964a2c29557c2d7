package inventory

import (
	"errors"
	"fmt"
	"strings"
)

// Validate reports the first thing that is wrong with a record: its kind, its
// id and the field. It never quotes the content of a field other than ids,
// types and levels.
//
// Ids, types, scopes and locations hold no control characters (see Printable);
// names, descriptions, tags and other texts for people may, and whoever prints
// them to a terminal strips them. All strings are UTF-8 within MaxID and
// MaxString, all lists within MaxList, all times zero or in UTC between the
// years 1900 and 9999. Enumerated fields hold one of the values in their doc.
func (r Record) Validate() error {
	var c check
	kind := r.Kind()
	switch kind {
	case KindIdentity:
		r.Identity.check(&c)
	case KindCredential:
		r.Credential.check(&c)
	case KindGrant:
		r.Grant.check(&c)
	case KindUsage:
		r.Usage.check(&c)
	case KindTrust:
		r.Trust.check(&c)
	case KindConsumer:
		r.Consumer.check(&c)
	case KindOwner:
		r.Owner.check(&c)
	case KindCoverage:
		r.Coverage.check(&c)
	case KindProgress:
		c.text("message", r.Progress.Scope, r.Progress.Message)
	case KindRelation:
		r.Relation.check(&c)
	case KindFinding:
		r.Finding.check(&c)
	default:
		return errors.New("want exactly one of identity, credential, grant, usage, trust, consumer, owner, coverage, progress, relation, finding")
	}
	if c.err == nil {
		return nil
	}
	if id := r.ID(); id != "" {
		return fmt.Errorf("%s %s: %w", kind, quote(id), c.err)
	}
	return fmt.Errorf("%s: %w", kind, c.err)
}

func (x *Identity) check(c *check) {
	c.id("id", x.ID)
	c.token("type", x.Type)
	c.token("scope", x.Scope)
	c.text("name", x.Name)
	c.texts("public_ids", x.PublicIDs)
	c.text("environment", x.Environment)
	c.time("created_at", x.CreatedAt)
	c.text("created_by", x.CreatedBy)
	c.text("description", x.Description)
	c.tags("tags", x.Tags)
	c.tri("disabled", x.Disabled)
	c.tri("third_party", x.ThirdParty)
	c.tri("agent", x.Agent)
	c.tri("human", x.Human)
	c.text("managed_by", x.ManagedBy)
	c.time("reviewed_at", x.ReviewedAt)
	c.locations(x.FoundAt)
	c.tags("attributes", x.Attributes)
}

func (x *Credential) check(c *check) {
	c.id("id", x.ID)
	c.token("type", x.Type)
	c.token("scope", x.Scope)
	c.text("name", x.Name)
	if x.Identity != "" {
		c.id("identity", x.Identity)
	}
	c.text("public_id", x.PublicID)
	if x.SecretHash != "" && !x.SecretHash.Valid() {
		c.failf("secret_hash", "is not of the form hmac-sha256:<8 hex digits>:<64 hex digits>")
	}
	c.text("hint", x.Hint)
	c.text("store", x.Store)
	oneOf(c, "exposure", x.Exposure, exposures())
	c.text("environment", x.Environment)
	c.text("description", x.Description)
	x.checkLife(c)
	c.text("managed_by", x.ManagedBy)
	c.tri("restricted", x.Restricted)
	c.tri("network_limited", x.NetworkLimited)
	c.text("algorithm", x.Algorithm)
	c.count("key_bits", x.KeyBits)
	c.tri("encrypted", x.Encrypted)
	c.tri("personal", x.Personal)
	c.text("detector", x.Detector)
	c.tri("at_head", x.AtHead)
	c.tri("at_tip", x.AtTip)
	c.locations(x.FoundAt)
	c.count("locations_omitted", x.LocationsOmitted)
	c.tags("tags", x.Tags)
	c.tags("attributes", x.Attributes)
}

// checkLife checks what a credential says of its times and its state.
func (x *Credential) checkLife(c *check) {
	c.time("created_at", x.CreatedAt)
	c.time("rotated_at", x.RotatedAt)
	c.time("expires_at", x.ExpiresAt)
	if x.NeverExpires && !x.ExpiresAt.IsZero() {
		c.failf("never_expires", "contradicts expires_at")
	}
	c.tri("disabled", x.Disabled)
	c.text("disabled_reason", x.DisabledReason)
	oneOf(c, "validity", x.Validity, validities())
	c.tri("rotation_enabled", x.RotationEnabled)
	c.count("rotation_days", x.RotationDays)
	c.time("next_rotation_at", x.NextRotationAt)
	c.time("first_seen_at", x.FirstSeenAt)
	c.time("last_seen_at", x.LastSeenAt)
	c.hex("first_commit", x.FirstCommit, 40, 64)
	c.hex("last_commit", x.LastCommit, 40, 64)
}

func (x *Grant) check(c *check) {
	c.id("id", x.ID)
	c.id("principal", x.Principal)
	c.token("scope", x.Scope)
	c.token("name", x.Name)
	c.text("resource", x.Resource)
	c.text("via", x.Via)
	oneOf(c, "level", x.Level, levels())
	c.texts("reasons", x.Reasons)
	c.texts("capabilities", x.Capabilities)
	c.texts("paths", x.Paths)
	c.time("granted_at", x.GrantedAt)
	c.time("expires_at", x.ExpiresAt)
	c.text("condition", x.Condition)
	c.text("managed_by", x.ManagedBy)
	c.locations(x.FoundAt)
	c.tags("attributes", x.Attributes)
}

func (x *Usage) check(c *check) {
	c.id("subject", x.Subject)
	c.token("scope", x.Scope)
	c.time("last_used_at", x.LastUsedAt)
	c.time("tracked_since", x.TrackedSince)
	c.text("service", x.Service)
	c.text("resource", x.Resource)
	c.tri("interactive", x.Interactive)
	c.text("source", x.Source)
}

func (x *Trust) check(c *check) {
	c.id("id", x.ID)
	c.id("identity", x.Identity)
	c.token("scope", x.Scope)
	oneOf(c, "type", x.Type, trustTypes())
	c.text("issuer", x.Issuer)
	c.text("subject", x.Subject)
	c.text("audience", x.Audience)
	c.texts("conditions", x.Conditions)
	c.text("external_account", x.ExternalAccount)
	c.tri("external", x.External)
	c.tri("external_id", x.ExternalID)
	c.tri("immutable_subject", x.ImmutableSubject)
	c.tri("unused", x.Unused)
	c.locations(x.FoundAt)
	c.tags("attributes", x.Attributes)
}

func (x *Consumer) check(c *check) {
	c.id("id", x.ID)
	c.id("subject", x.Subject)
	c.token("scope", x.Scope)
	c.token("workload", x.Workload)
	c.token("kind", x.Kind)
	c.text("location", x.Location)
	c.text("environment", x.Environment)
	c.locations(x.FoundAt)
	c.tags("attributes", x.Attributes)
}

func (x *Owner) check(c *check) {
	c.id("subject", x.Subject)
	c.token("scope", x.Scope)
	c.token("owner", x.Owner)
	oneOf(c, "kind", x.Kind, ownerKinds())
	c.token("method", x.Method)
	oneOf(c, "confidence", x.Confidence, confidences())
	c.tri("active", x.Active)
	c.tri("external", x.External)
	c.text("source", x.Source)
}

func (x *Coverage) check(c *check) {
	if !ValidName(x.Scanner) {
		c.failf("scanner", "is not the name of a scanner")
	}
	c.token("scope", x.Scope)
	oneOf(c, "kind", x.Kind, ScanKinds())
	oneOf(c, "status", x.Status, statuses())
	c.count("count", x.Count)
	if x.ControlTotal != nil {
		c.count("control_total", *x.ControlTotal)
	}
	c.text("control_source", x.ControlSource)
	c.count("requests", x.Requests)
	if x.Status != StatusComplete && strings.TrimSpace(x.Reason) == "" {
		c.failf("reason", "is missing although the status is %s", x.Status)
	}
	if x.Count > 0 && (x.Status == StatusDenied || x.Status == StatusSkipped) {
		c.failf("count", "is not 0 although the status is %s", x.Status)
	}
	c.text("reason", x.Reason)
	c.texts("notes", x.Notes)
	c.length("suppressed", len(x.Suppressed))
	for reason, n := range x.Suppressed {
		c.text("suppressed", reason)
		c.count("suppressed", n)
	}
	c.text("principal", x.Principal)
	c.time("started_at", x.StartedAt)
	c.time("finished_at", x.FinishedAt)
}

func (x *Relation) check(c *check) {
	c.id("from", x.From)
	c.token("to", x.To)
	oneOf(c, "type", x.Type, relationTypes())
	c.token("method", x.Method)
	c.text("reason", x.Reason)
}

func (x *Finding) check(c *check) {
	if x.ID == "" {
		c.failf("id", "is missing")
	}
	c.optional("id", x.ID)
	c.hex("fingerprint", x.Fingerprint, 16)
	c.token("rule", x.Rule)
	c.text("title", x.Title)
	c.text("category", x.Category)
	c.id("subject", x.Subject)
	oneOf(c, "subject_kind", x.SubjectKind, ScanKinds())
	c.optional("subject_type", x.SubjectType)
	c.text("subject_name", x.SubjectName)
	c.token("scope", x.Scope)
	c.text("environment", x.Environment)
	oneOf(c, "severity", x.Severity, severities())
	if x.Score < 0 || x.Score > 100 {
		c.failf("score", "is %d, outside 0 to 100", x.Score)
	}
	oneOf(c, "verdict", x.Verdict, []string{"fail"})
	oneOf(c, "state", x.State, findingStates())
	c.text("message", x.Message)
	c.texts("chain", x.Chain)
	c.length("controls", len(x.Controls))
	for framework, ids := range x.Controls {
		c.text("controls", framework)
		c.texts("controls", ids)
	}
	x.checkHistory(c)
}

// checkHistory checks the parts of a finding that do not come from its rule.
func (x *Finding) checkHistory(c *check) {
	for _, line := range x.ScoreLines {
		c.text("score_lines", line.Reason)
	}
	c.text("owner", x.Owner, x.OwnerMethod)
	c.time("first_seen", x.FirstSeen)
	c.time("last_seen", x.LastSeen)
	c.locations(x.Locations)
	if e := x.Exception; e != nil {
		c.text("exception", e.Reason, e.Approver, e.Control)
		c.time("exception.expires", e.Expires)
	}
}
