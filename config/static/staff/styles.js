// Alpine writes an element's styles as an attribute, which our content security policy refuses;
// set through the style object they are allowed, and mean the same.
(() => {
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (name === "style") {
      this.style.cssText = value;
    } else {
      setAttribute.call(this, name, value);
    }
  };
})();
