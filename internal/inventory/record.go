package inventory

// A Kind names one of the record kinds. Its text is the key under which the
// record stands in a JSON line.
type Kind string

// The record kinds. The first nine are what a scanner may emit; relation and
// finding are conclusions, added after the scan.
const (
	KindIdentity   Kind = "identity"
	KindCredential Kind = "credential"
	KindGrant      Kind = "grant"
	KindUsage      Kind = "usage"
	KindTrust      Kind = "trust"
	KindConsumer   Kind = "consumer"
	KindOwner      Kind = "owner"
	KindCoverage   Kind = "coverage"
	KindProgress   Kind = "progress"
	KindRelation   Kind = "relation"
	KindFinding    Kind = "finding"
)

// ScanKinds returns the kinds that a scanner may emit and claim in its Info,
// coverage and progress left out: those speak of the scan, not of the system.
func ScanKinds() []Kind {
	return []Kind{
		KindIdentity, KindCredential, KindGrant, KindUsage,
		KindTrust, KindConsumer, KindOwner,
	}
}

// A Record is one line of a scan: exactly one of its fields is set.
type Record struct {
	Identity   *Identity   `json:"identity,omitempty"`
	Credential *Credential `json:"credential,omitempty"`
	Grant      *Grant      `json:"grant,omitempty"`
	Usage      *Usage      `json:"usage,omitempty"`
	Trust      *Trust      `json:"trust,omitempty"`
	Consumer   *Consumer   `json:"consumer,omitempty"`
	Owner      *Owner      `json:"owner,omitempty"`
	Coverage   *Coverage   `json:"coverage,omitempty"`
	Progress   *Progress   `json:"progress,omitempty"`
	Relation   *Relation   `json:"relation,omitempty"`
	Finding    *Finding    `json:"finding,omitempty"`
}

// Kind returns the kind of the one field that is set, and the empty Kind if
// none or more than one is.
func (r Record) Kind() Kind {
	kind, set := Kind(""), 0
	for _, f := range []struct {
		ok   bool
		kind Kind
	}{
		{r.Identity != nil, KindIdentity},
		{r.Credential != nil, KindCredential},
		{r.Grant != nil, KindGrant},
		{r.Usage != nil, KindUsage},
		{r.Trust != nil, KindTrust},
		{r.Consumer != nil, KindConsumer},
		{r.Owner != nil, KindOwner},
		{r.Coverage != nil, KindCoverage},
		{r.Progress != nil, KindProgress},
		{r.Relation != nil, KindRelation},
		{r.Finding != nil, KindFinding},
	} {
		if f.ok {
			kind, set = f.kind, set+1
		}
	}
	if set != 1 {
		return ""
	}
	return kind
}

// ID returns the id of the record, or "" for the kinds that have none (usage,
// owner, coverage, progress, relation).
func (r Record) ID() string {
	switch r.Kind() {
	case KindIdentity:
		return r.Identity.ID
	case KindCredential:
		return r.Credential.ID
	case KindGrant:
		return r.Grant.ID
	case KindTrust:
		return r.Trust.ID
	case KindConsumer:
		return r.Consumer.ID
	case KindFinding:
		return r.Finding.ID
	default:
		return ""
	}
}
