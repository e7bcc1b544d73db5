package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// field is one key of a section.
type field struct {
	name      string
	omitEmpty bool
	value     reflect.Value
}

// fieldsOf lists a section's keys in the order of the file.
func fieldsOf(section reflect.Value) []field {
	fields := make([]field, 0, section.NumField())
	for i := range section.NumField() {
		name, options, _ := strings.Cut(section.Type().Field(i).Tag.Get("yaml"), ",")
		fields = append(fields, field{name, options == "omitempty", section.Field(i)})
	}
	return fields
}

// setting is a value that the environment or a flag can set as a whole.
type setting struct {
	path  string // program.kbps
	value reflect.Value
}

// env is the variable that sets it: REGIE_PROGRAM_KBPS.
func (s setting) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.path, ".", "_"))
}

const envPrefix = "REGIE_"

// settings lists everything outside of sessions, and sessions as one.
func settings(cfg *Config) []setting {
	var all []setting
	for _, section := range fieldsOf(reflect.ValueOf(cfg).Elem()) {
		if section.value.Kind() != reflect.Struct {
			all = append(all, setting{section.name, section.value})
			continue
		}
		for _, f := range fieldsOf(section.value) {
			all = append(all, setting{section.name + "." + f.name, f.value})
		}
	}
	return all
}

var durationType = reflect.TypeFor[time.Duration]()

// setText parses text into a scalar. Its error says what to write instead.
func setText(v reflect.Value, text string) error {
	switch {
	case v.Type() == durationType:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("write a number with its unit, such as 333ms, 2s or 1m")
		}
		v.SetInt(int64(d))
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("write a whole number")
		}
		v.SetInt(int64(n))
	case v.Kind() == reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("write a number such as 0.8")
		}
		v.SetFloat(x)
	case v.Kind() == reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("write true or false")
		}
		v.SetBool(text == "true")
	default:
		panic(fmt.Sprintf("config: a field of type %s cannot be read", v.Type()))
	}
	return nil
}
