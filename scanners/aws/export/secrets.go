package export

import (
	"cmp"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// The shapes of what Secrets Manager, Systems Manager and KMS answer. None of them
// has a field for a value.
type (
	secret struct {
		ARN, Name, Type, Description, KmsKeyID, RotationLambdaARN, OwningService, PrimaryRegion string
		RotationEnabled                                                                         *bool
		RotationRules                                                                           struct {
			AutomaticallyAfterDays int
			ScheduleExpression     string
		}
		LastRotatedDate, LastChangedDate, LastAccessedDate, DeletedDate, NextRotationDate, CreatedDate moment
		Tags                                                                                           tags
		SecretVersionsToStages                                                                         map[string][]string
	}
	secretPolicy struct {
		ARN            string
		ResourcePolicy text
	}
	parameter struct {
		Name, ARN, Type, KeyID, LastModifiedUser, Tier string
		LastModifiedDate                               moment
		Version                                        int64
		Policies                                       []struct{ PolicyText, PolicyType string }
		Value                                          json.RawMessage // of get-parameters: only that it is there is looked at
	}
	kmsKey struct {
		KeyMetadata struct {
			KeyID, Arn, Description, KeyUsage, KeyState, Origin, KeyManager, KeySpec string
			CreationDate, DeletionDate, ValidTo                                      moment
			Enabled                                                                  *bool
		}
	}
	keyRotation struct {
		KeyID                string
		KeyRotationEnabled   *bool
		RotationPeriodInDays int
		NextRotationDate     moment
	}
	keyPolicy struct {
		KeyID  string
		Policy text
	}
	keyGrant struct {
		KeyID, GrantID, Name, GranteePrincipal, RetiringPrincipal, IssuingAccount string
		CreationDate                                                              moment
		Operations                                                                []string
		Constraints                                                               map[string]map[string]string
	}
	keyUsage struct {
		KeyID        string
		KeyLastUsage struct{ Timestamp moment }
	}
	alias struct{ AliasName, AliasArn, TargetKeyID string }
)

func (h *handlers) secretStores() {
	on(h, "SecretList", "secretsmanager:ListSecrets", nil, func(v *secret) string { return v.ARN }, (*account).secret)
	one(h, "secretsmanager:GetResourcePolicy", []string{"ARN", "Name", "ResourcePolicy"}, func(v *secretPolicy) string { return v.ARN }, (*account).secretPolicy)
	h.answers = append(h.answers, answer{"secretsmanager:GetResourcePolicy", []string{"ARN", "Name"}, noSecretPolicy})
	h.lists["Parameters"] = append(h.lists["Parameters"], handler{"ssm:DescribeParameters", readParameter})
	on(h, "Keys", "kms:ListKeys", func(v *struct{ KeyID, KeyArn string }) bool { return v.KeyArn != "" }, func(v *struct{ KeyID, KeyArn string }) string { return v.KeyArn },
		func(a *account, region string, v *struct{ KeyID, KeyArn string }) { a.key(region, v.KeyArn) })
	on(h, "Aliases", "kms:ListAliases", func(v *alias) bool { return v.AliasArn != "" }, func(v *alias) string { return v.AliasArn }, func(a *account, region string, v *alias) {
		if v.TargetKeyID != "" {
			k := a.key(region, v.TargetKeyID)
			if k.Alias == "" || v.AliasName < k.Alias {
				k.Alias = v.AliasName
			}
		}
	})
	one(h, "kms:DescribeKey", []string{"KeyMetadata"}, func(v *kmsKey) string { return v.KeyMetadata.Arn }, (*account).describeKey)
	one(h, "kms:GetKeyRotationStatus", []string{"KeyRotationEnabled"}, func(v *keyRotation) string { return ifARN(v.KeyID) }, func(a *account, region string, v *keyRotation) {
		if k := a.key(region, v.KeyID); k != nil {
			k.Rotation, k.RotationDays, k.RotatesAt = yes(v.KeyRotationEnabled), v.RotationPeriodInDays, v.NextRotationDate.Time
		}
	})
	one(h, "kms:GetKeyPolicy", []string{"KeyId", "Policy"}, func(v *keyPolicy) string { return ifARN(v.KeyID) }, (*account).keyPolicy)
	one(h, "kms:GetKeyPolicy", []string{"PolicyName", "Policy"}, func(v *keyPolicy) string { return ifARN(v.KeyID) }, (*account).keyPolicy)
	on(h, "Grants", "kms:ListGrants", func(v *keyGrant) bool { return v.GrantID != "" }, func(v *keyGrant) string { return ifARN(v.KeyID) }, (*account).keyGrant)
	one(h, "kms:GetKeyLastUsage", []string{"KeyId", "TrackingStartDate"}, func(v *keyUsage) string { return ifARN(v.KeyID) }, func(a *account, region string, v *keyUsage) {
		if k := a.key(region, v.KeyID); k != nil {
			k.LastUsed, k.UsageKnown = v.KeyLastUsage.Timestamp.Time, true
		}
	})
}

// ifARN is the text if it is an ARN; a key may be named by its id alone.
func ifARN(text string) string {
	if strings.HasPrefix(text, "arn:") {
		return text
	}
	return ""
}

func (a *account) secret(region string, v *secret) {
	s := a.secrets.of(v.ARN)
	policy, known := s.Policy, s.PolicyKnown
	*s = object.Secret{
		ARN: v.ARN, Name: v.Name, Region: region, Description: v.Description, CreatedAt: v.CreatedDate.Time, ChangedAt: v.LastChangedDate.Time,
		AccessedAt: v.LastAccessedDate.Time, RotatedAt: v.LastRotatedDate.Time, NextAt: v.NextRotationDate.Time, DeletedAt: v.DeletedDate.Time,
		Rotation: yes(v.RotationEnabled), RotationDays: v.RotationRules.AutomaticallyAfterDays, RotationSchedule: v.RotationRules.ScheduleExpression,
		RotationLambda: v.RotationLambdaARN, OwningService: v.OwningService, KMS: v.KmsKeyID, Type: v.Type, PrimaryRegion: v.PrimaryRegion,
		Versions: len(v.SecretVersionsToStages), Tags: v.Tags.list(), Policy: policy, PolicyKnown: known,
	}
	if s.Rotation == inventory.Unknown {
		s.Rotation = inventory.False // left out of the answer where rotation was never configured (ListSecrets, RotationEnabled)
	}
}

func (a *account) secretPolicy(_ string, v *secretPolicy) {
	s := a.secrets.of(v.ARN)
	s.ARN = v.ARN
	s.Policy = v.ResourcePolicy.document(a, v.ARN)
	s.PolicyKnown = s.Policy != nil || len(v.ResourcePolicy) == 0
}

// noSecretPolicy reads the answer for a secret without a policy, which has its ARN
// and name only.
func noSecretPolicy(doc *document, raw json.RawMessage) bool {
	var v secretPolicy
	if err := json.Unmarshal(raw, &v); err != nil || len(doc.flat) > 2 || !strings.Contains(v.ARN, ":secretsmanager:") {
		return false
	}
	doc.take("secretsmanager:GetResourcePolicy", v.ARN, nil, func(a *account, region string) { a.secretPolicy(region, &v) })
	return true
}

// readParameter takes what describe-parameters says of a parameter. One of
// get-parameters has a value, and is passed over.
func readParameter(doc *document, raw json.RawMessage) bool {
	var v parameter
	err := json.Unmarshal(raw, &v)
	if len(v.Value) > 0 {
		if !doc.told {
			doc.told = true
			doc.r.problems.Held(doc.name, "holds the values of parameters, which were passed over. Delete the file, and rotate what is secret if others could read it; describe-parameters lists them without")
		}
		return true
	}
	if v.Name == "" {
		return false
	}
	doc.take("ssm:DescribeParameters", v.ARN, err, func(a *account, region string) {
		name := cmp.Or(v.ARN, "arn:"+cmp.Or(a.Partition, "aws")+":ssm:"+region+":"+a.ID+":parameter/"+strings.TrimPrefix(v.Name, "/"))
		*a.params.of(name) = object.Parameter{
			ARN: name, Name: v.Name, Region: region, Type: v.Type, Tier: v.Tier, KMS: v.KeyID, ModifiedAt: v.LastModifiedDate.Time,
			ModifiedBy: v.LastModifiedUser, Version: v.Version, ExpiresAt: v.expires(),
		}
	})
	return true
}

// expires reads the end of a parameter from its policies (Systems Manager User
// Guide, "Assigning parameter policies").
func (v *parameter) expires() (at time.Time) {
	for _, p := range v.Policies {
		var x struct {
			Attributes struct{ Timestamp moment }
		}
		if p.PolicyType == "Expiration" && json.Unmarshal([]byte(p.PolicyText), &x) == nil {
			return x.Attributes.Timestamp.Time
		}
	}
	return at
}

// key returns the key of an ARN or an id; nil if there is neither.
func (a *account) key(region, name string) *object.Key {
	if name == "" {
		return nil
	}
	if !strings.HasPrefix(name, "arn:") {
		name = "arn:" + cmp.Or(a.Partition, "aws") + ":kms:" + region + ":" + a.ID + ":key/" + name
	}
	k := a.keys.of(name)
	k.ARN, k.ID = name, path.Base(name)
	if x, ok := parseARN(name); ok {
		k.Region = x.Region
	}
	return k
}

func (a *account) describeKey(region string, v *kmsKey) {
	m := &v.KeyMetadata
	k := a.key(region, m.Arn)
	k.Description, k.Manager, k.State, k.Spec, k.Usage, k.Origin = m.Description, m.KeyManager, m.KeyState, m.KeySpec, m.KeyUsage, m.Origin
	k.CreatedAt, k.DeletesAt, k.ValidTo = m.CreationDate.Time, m.DeletionDate.Time, m.ValidTo.Time
}

func (v *keyPolicy) named(file string) {
	if v.KeyID == "" {
		v.KeyID = regexp.MustCompile(`mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`).FindString(strings.ToLower(file))
	}
}

func (a *account) keyPolicy(region string, v *keyPolicy) {
	k := a.key(region, v.KeyID)
	if k == nil {
		a.listing("kms:GetKeyPolicy", region).trouble = "a policy does not say of which key it is: name its file after the key's id"
		return
	}
	k.Policy = v.Policy.document(a, k.ARN)
	k.PolicyKnown = k.Policy != nil
}

func (a *account) keyGrant(region string, v *keyGrant) {
	k := a.key(region, v.KeyID)
	if k == nil || slices.ContainsFunc(k.Grants, func(g object.KeyGrant) bool { return g.ID == v.GrantID }) {
		return
	}
	k.GrantsKnown = true
	constrained := false
	for _, c := range v.Constraints {
		constrained = constrained || len(c) > 0
	}
	k.Grants = append(k.Grants, object.KeyGrant{
		ID: v.GrantID, Name: v.Name, Grantee: v.GranteePrincipal, Retiring: v.RetiringPrincipal, Issuer: v.IssuingAccount,
		Operations: slices.Sorted(slices.Values(v.Operations)), Constrained: constrained, CreatedAt: v.CreationDate.Time,
	})
}
