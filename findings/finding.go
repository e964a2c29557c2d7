package findings

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/muster-nhi/muster/internal/inventory"
)

const findingPrefix = "F-" // of the id of every finding

// categoryPrivilege is the family of rules whose findings tell the ways to what
// an identity may do.
const categoryPrivilege = "least-privilege"

// finding makes the finding of a rule on the subject, which has failed.
func (w *worker) finding(ctx context.Context, p *plan) *inventory.Finding {
	s := w.subject
	digest := digest16(p.rule.ID, s.id)
	f := &inventory.Finding{
		ID:          findingPrefix + digest,
		Rule:        p.rule.ID,
		Title:       p.rule.Title,
		Category:    p.rule.Category,
		Subject:     s.id,
		SubjectKind: s.kind,
		SubjectType: cmp.Or(s.identityTypeOfGrant(), s.typ),
		SubjectName: s.name(),
		Scope:       s.scope,
		Environment: s.environment(),
		Severity:    p.rule.Severity,
		Verdict:     string(VerdictFail),
		Message:     p.sentence(ctx, s),
		Controls:    p.rule.Controls,
		Locations:   s.locations(),
	}
	f.Fingerprint = digest
	for i, raise := range p.raise {
		if holds, err := truth(ctx, raise, s); err == nil && holds {
			f.Severity = p.rule.Raise[i].Severity
			break
		}
	}
	if owner := s.owner(); owner != nil {
		f.Owner, f.OwnerMethod = owner.Owner, owner.Method
	}
	f.Score, f.ScoreLines = s.score(f.Severity, w.coverage)
	if s.kind == inventory.KindCredential && len(s.record.Credential.FoundAt) > 0 {
		f.Chain = chain(w.inv, s.record.Credential, w.coverage, f)
	}
	if s.kind == inventory.KindIdentity && p.rule.Category == categoryPrivilege {
		f.Chain = ways(w.inv, s.id)
	}
	return f
}

// FindingID is the id of a rule's finding on a subject: "F-" and 16 hex digits
// of the SHA-256 of both. It is the same in every scan.
func FindingID(rule, subject string) string { return findingPrefix + digest16(rule, subject) }

func digest16(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// sentence evaluates the message. One that reads an unknown fact falls back to
// the title and the name.
func (p *plan) sentence(ctx context.Context, s *subject) string {
	value, err := p.message.evaluate(ctx, s)
	if text, ok := value.(types.String); ok && err == nil && strings.TrimSpace(string(text)) != "" {
		return strings.TrimSpace(string(text))
	}
	return p.rule.Title + ": " + cmp.Or(s.name(), s.id)
}

func (s *subject) identityTypeOfGrant() string {
	if s.kind == inventory.KindGrant {
		return s.identityType()
	}
	return ""
}

// name is what people call the subject; its id if nobody calls it anything.
func (s *subject) name() string {
	var name string
	switch s.kind {
	case inventory.KindIdentity:
		name = s.record.Identity.Name
	case inventory.KindCredential:
		if name = cmp.Or(s.record.Credential.Name, s.record.Credential.PublicID); name == "" {
			name = label(s.record.Credential)
		}
	case inventory.KindGrant:
		name = s.record.Grant.Name
	case inventory.KindTrust:
		name = s.record.Trust.Subject
	case inventory.KindConsumer:
		name = s.record.Consumer.Workload
	default:
	}
	return cmp.Or(name, s.id)
}

// environment is the subject's own, or that of the identity it is about.
func (s *subject) environment() string {
	var env string
	switch s.kind {
	case inventory.KindCredential:
		env = s.record.Credential.Environment
	case inventory.KindConsumer:
		env = s.record.Consumer.Environment
	default:
	}
	for _, id := range s.identities() {
		env = cmp.Or(env, id.Environment)
	}
	return env
}

// owner is the best owner, or nil: of the subject and of the identities that it
// opens or is about, the one that is known with most confidence; the subject's
// own if they are equal.
func (s *subject) owner() *inventory.Owner {
	var best *inventory.Owner
	consider := func(list []*inventory.Owner) {
		if len(list) > 0 && (best == nil || list[0].Confidence.Rank() > best.Confidence.Rank()) {
			best = list[0] // lists have the best first
		}
	}
	consider(s.owners())
	for _, id := range s.identities() {
		consider(s.inv.OwnersOf(id.ID))
	}
	return best
}

// locations are where to look: places that are at HEAD first, else in the order
// of the record.
func (s *subject) locations() []inventory.Location {
	var list []inventory.Location
	switch s.kind {
	case inventory.KindCredential:
		list = s.record.Credential.FoundAt
	case inventory.KindIdentity:
		list = s.record.Identity.FoundAt
	case inventory.KindTrust:
		list = s.record.Trust.FoundAt
	case inventory.KindConsumer:
		list = s.record.Consumer.FoundAt
	case inventory.KindGrant:
		list = s.record.Grant.FoundAt
		if len(list) == 0 {
			for _, id := range s.identities() {
				list = id.FoundAt
			}
		}
	default:
	}
	return headFirst(list)
}

func headFirst(list []inventory.Location) []inventory.Location {
	order := func(x, y inventory.Location) int { return cmp.Compare(headRank(x), headRank(y)) }
	if slices.IsSortedFunc(list, order) {
		return list
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, order)
	return list
}

func headRank(l inventory.Location) int {
	if l.AtHead == inventory.True {
		return 0
	}
	return 1
}

// number gives leaks their fingerprints: from rule, detector and path of the
// first place, and from the ordinal among those that are equal in all three.
// Neither the installation's key nor a commit id goes in, so that the
// fingerprint is the same for everybody and after a rebase.
func number(list []*inventory.Finding, inv *inventory.Inventory) {
	type leak struct {
		finding    *inventory.Finding
		credential *inventory.Credential
	}
	var leaks []leak
	for _, f := range list {
		if f.SubjectKind != inventory.KindCredential {
			continue
		}
		if c := inv.Credential(f.Subject); c != nil && len(c.FoundAt) > 0 {
			leaks = append(leaks, leak{f, c})
		}
	}
	slices.SortFunc(leaks, func(x, y leak) int {
		a, b := &x.credential.FoundAt[0], &y.credential.FoundAt[0]
		return cmp.Or(
			cmp.Compare(x.finding.Rule, y.finding.Rule), cmp.Compare(x.credential.Detector, y.credential.Detector),
			cmp.Compare(a.URI, b.URI), cmp.Compare(x.credential.Scope, y.credential.Scope),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), a.Date.Compare(b.Date),
			cmp.Compare(x.credential.PublicID, y.credential.PublicID), cmp.Compare(x.credential.ID, y.credential.ID),
		)
	})
	ordinal := 0
	for i, l := range leaks {
		ordinal++
		if i == 0 || leaks[i-1].finding.Rule != l.finding.Rule || leaks[i-1].credential.Detector != l.credential.Detector ||
			leaks[i-1].credential.FoundAt[0].URI != l.credential.FoundAt[0].URI {
			ordinal = 0
		}
		l.finding.Fingerprint = digest16(l.finding.Rule, l.credential.Detector, l.credential.FoundAt[0].URI, strconv.Itoa(ordinal))
	}
}
