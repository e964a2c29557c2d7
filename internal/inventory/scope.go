package inventory

// Scope returns the scope of the record, or "" for the kinds that have none or
// need none (progress, relation).
func (r Record) Scope() string {
	switch r.Kind() {
	case KindIdentity:
		return r.Identity.Scope
	case KindCredential:
		return r.Credential.Scope
	case KindGrant:
		return r.Grant.Scope
	case KindUsage:
		return r.Usage.Scope
	case KindTrust:
		return r.Trust.Scope
	case KindConsumer:
		return r.Consumer.Scope
	case KindOwner:
		return r.Owner.Scope
	case KindCoverage:
		return r.Coverage.Scope
	case KindFinding:
		return r.Finding.Scope
	case KindProgress, KindRelation:
		return ""
	}
	return ""
}
