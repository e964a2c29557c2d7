package report

// The part of SARIF 2.1.0 that muster writes. Members that say nothing are
// left out: a rank or an index of -1 is read as a value by some consumers.
// Source: OASIS SARIF 2.1.0 errata 01.

// sarifSchema is the address of the schema, as the document itself names it.
const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name            string       `json:"name"`
	FullName        string       `json:"fullName,omitempty"`
	Version         string       `json:"version,omitempty"`
	SemanticVersion string       `json:"semanticVersion,omitempty"`
	InformationURI  string       `json:"informationUri,omitempty"`
	Rules           []*sarifRule `json:"rules"`
	Notifications   []sarifRule  `json:"notifications,omitempty"`
}

// A sarifRule is a reportingDescriptor: a rule, or a kind of notification.
type sarifRule struct {
	ID               string               `json:"id"`
	Name             string               `json:"name,omitempty"`
	ShortDescription *sarifText           `json:"shortDescription,omitempty"`
	FullDescription  *sarifText           `json:"fullDescription,omitempty"`
	Help             *sarifText           `json:"help,omitempty"`
	HelpURI          string               `json:"helpUri,omitempty"`
	Default          *sarifConfiguration  `json:"defaultConfiguration,omitempty"`
	Properties       *sarifRuleProperties `json:"properties,omitempty"`
}

type sarifConfiguration struct {
	Level string `json:"level"`
}

type sarifRuleProperties struct {
	Tags             []string            `json:"tags,omitempty"`
	Precision        string              `json:"precision,omitempty"`
	SecuritySeverity string              `json:"security-severity,omitempty"`
	Controls         map[string][]string `json:"muster/controls,omitempty"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifAutomation struct {
	ID          string            `json:"id"`
	Description *sarifText        `json:"description,omitempty"`
	Properties  map[string]string `json:"properties,omitempty"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Start         string              `json:"startTimeUtc,omitempty"`
	End           string              `json:"endTimeUtc,omitempty"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Descriptor sarifReference    `json:"descriptor"`
	Level      string            `json:"level"`
	Message    sarifText         `json:"message"`
	Properties map[string]string `json:"properties,omitempty"`
}

type sarifReference struct {
	ID string `json:"id"`
}

type sarifResult struct {
	RuleID              string                 `json:"ruleId"`
	RuleIndex           int                    `json:"ruleIndex"`
	Kind                string                 `json:"kind"`
	Level               string                 `json:"level"`
	Message             sarifText              `json:"message"`
	Locations           []sarifLocation        `json:"locations"`
	RelatedLocations    []sarifLocation        `json:"relatedLocations,omitempty"`
	PartialFingerprints map[string]string      `json:"partialFingerprints"`
	BaselineState       string                 `json:"baselineState,omitempty"`
	Rank                *float64               `json:"rank,omitempty"`
	Suppressions        []sarifSuppression     `json:"suppressions,omitempty"`
	Properties          *sarifResultProperties `json:"properties,omitempty"`
}

type sarifResultProperties struct {
	ID              string              `json:"muster/id"`
	Severity        string              `json:"muster/severity"`
	Score           int                 `json:"muster/score"`
	Subject         string              `json:"muster/subject"`
	SubjectType     string              `json:"muster/subjectType,omitempty"`
	Scope           string              `json:"muster/scope"`
	Environment     string              `json:"muster/environment,omitempty"`
	Owner           string              `json:"muster/owner,omitempty"`
	FirstSeen       string              `json:"muster/firstSeen,omitempty"`
	Chain           []string            `json:"muster/chain,omitempty"`
	Controls        map[string][]string `json:"muster/controls,omitempty"`
	OmittedPlaces   int                 `json:"muster/locationsOmitted,omitempty"`
	ExceptionEnds   string              `json:"muster/exceptionExpires,omitempty"`
	CompensatedWith string              `json:"muster/compensatingControl,omitempty"`
}

type sarifLocation struct {
	ID       int                    `json:"id,omitempty"`
	Physical sarifPhysical          `json:"physicalLocation"`
	Logical  []sarifLogicalLocation `json:"logicalLocations,omitempty"`
	Message  *sarifText             `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
	EndLine     int `json:"endLine,omitempty"`
}

type sarifLogicalLocation struct {
	Name               string `json:"name,omitempty"`
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind,omitempty"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}
