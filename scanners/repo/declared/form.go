package declared

import "regexp"

// The forms that parsers look for. They are compiled once and never changed.
var (
	expressionForm    = regexp.MustCompile(`(?s)\$\{\{.*?\}\}`)
	secretForm        = regexp.MustCompile(`\bsecrets\s*(?:\.\s*([A-Za-z_][A-Za-z0-9_]*)|\[\s*['"]([A-Za-z_][A-Za-z0-9_]*)['"]\s*\])`)
	commitForm        = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	roleForm          = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/`)
	roleInText        = regexp.MustCompile(`arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,200}`)
	googleAccountForm = regexp.MustCompile(`^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$`)
	uuidForm          = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	variableForm      = regexp.MustCompile(`\$\{?([A-Z][A-Z0-9_]{2,80})`)
	numberForm        = regexp.MustCompile(`^[0-9.]+[a-z]?$`)
	addressForm       = regexp.MustCompile(`^[^$]*\$\{(?:\w+\()?((?:data\.)?[a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*)(?:[.\[][^{}]*)?\)?\}`)
	lineForm          = regexp.MustCompile(`line (\d+)`)
	templateForm      = regexp.MustCompile(`^\s*(- )?(\{\{|[^#'"]*:\s+(\|\s*)?\{\{)|^[^#'"]*:\s+"?\{\{-? *(\.Values|\.Release|\.Chart|include|template)`)
	secretWord        = regexp.MustCompile(`(^|_)(PASSWORD|PASSWD|PWD|PASS|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|CREDENTIALS?|AUTH_KEY|SIGNING_KEY|ENCRYPTION_KEY|PAT|BEARER|AUTHORIZATION|COOKIE|KEY)(_|$|\d)`)
	secretEnd         = regexp.MustCompile(`(?i)(password|secret|token|apikey|accesskey|privatekey|credential)s?$`)
	referenceStart    = regexp.MustCompile(`^(Bearer |Basic |token )?(\$\{?[A-Za-z_]|\$\(|\{\{|%[A-Za-z_]+%$|op://|vault:|ssm:|secretsmanager:|secret:|file:|env:|!|<%|\{env:|arn:aws:)`)
	serversWord       = regexp.MustCompile(`(?i)mcp|context_servers`)
	manifestForm      = regexp.MustCompile(`(?m)^\s*(?:- )?["']?kind["']?\s*:\s*["']?(?:ServiceAccount|(?:Cluster)?Role(?:Binding)?|Secret|ConfigMap|Pod|CronJob|Job|Deployment|DaemonSet|StatefulSet|ReplicaSet|ReplicationController|Rollout|\w*List)\b`)
	referenceForm     = regexp.MustCompile(`\$\{(?:env:|input:)?([A-Za-z_][A-Za-z0-9_.:-]{0,80}?)(?::?-[^}]*)?\}|\$([A-Za-z_][A-Za-z0-9_]{0,80})|^\{env:([A-Za-z_][A-Za-z0-9_]{0,80})\}|(op://[^\s"']{1,200})`)
)
