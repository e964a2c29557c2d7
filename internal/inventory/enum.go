package inventory

// The closed lists of values. Validate and Schema both go by them. A list that
// begins with "" belongs to a field that may be empty.

func levels() []Level {
	return []Level{"", LevelAdmin, LevelEscalate, LevelWrite, LevelRead, LevelNone, LevelUnknown}
}

func statuses() []Status {
	return []Status{StatusComplete, StatusPartial, StatusDenied, StatusSkipped}
}

func confidences() []Confidence {
	return []Confidence{ConfidenceHigh, ConfidenceMedium, ConfidenceLow}
}

func severities() []Severity {
	return []Severity{SeverityCritical, SeverityHigh, SeverityMedium, SeverityLow, SeverityInfo}
}

func relationTypes() []string {
	return []string{
		RelationAuthenticates, RelationSameSecret, RelationSameIdentity,
		RelationFederates, RelationAuthenticatedBy, RelationUses,
		RelationSameGrant, RelationDeclaredOnly, RelationLiveOnly, RelationDriftUnknown,
	}
}

func exposures() []string {
	return []string{"", "repository", "environment", "ci_variable", "config_map", "agent_config", "public"}
}

func validities() []string { return []string{"", "active", "inactive"} }

func trustTypes() []string {
	return []string{"oidc", "saml", "account", "service", "certificate", "delegation"}
}

func ownerKinds() []string { return []string{"", "person", "team", "nhi"} }

func findingStates() []string { return []string{"", "new", "open", "reopened", "resolved"} }
